//! Variables of a workspace.

use std::collections::BTreeMap;

use crate::client::Client;
use crate::error::Error;

impl Client {
    /// Sets a variable of the workspace, for all who may write in it.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn set_env(&self, key: &str, value: &str) -> Result<(), Error> {
        self.tell("set_env", |call| call.args((key, value))).await
    }

    /// A variable of the workspace.
    ///
    /// # Errors
    /// What the manager says, also if there is no such variable.
    pub async fn get_env(&self, key: &str) -> Result<String, Error> {
        self.ask("get_env", |call| call.args((key,))).await
    }

    /// All variables of the workspace.
    ///
    /// # Errors
    /// What the manager says.
    pub async fn get_all_env(&self) -> Result<BTreeMap<String, String>, Error> {
        self.ask("get_env", |call| call).await
    }
}
