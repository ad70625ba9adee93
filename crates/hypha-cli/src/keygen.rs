//! `hypha keygen`: a key of one's own for end-to-end encryption.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use hypha_client::SecretKey;

/// Make a secret key for end-to-end encryption, and print its public key
///
/// The file is readable by its owner alone, and never overwritten. Clients read it with `Encryption::from_file`; the
/// public key is what others encrypt for, and no secret.
#[derive(Args, Debug)]
pub(crate) struct Keygen {
    /// The file of the secret key
    #[arg(default_value = "hypha.key")]
    file: PathBuf,

    /// Print the public key of a file that is there already
    #[arg(long)]
    public: bool,
}

impl Keygen {
    #[expect(
        clippy::print_stdout,
        reason = "the public key is what the command is for"
    )]
    pub(crate) fn run(self) -> Result<()> {
        let key = if self.public {
            SecretKey::read_file(&self.file)?
        } else {
            let key = SecretKey::generate()?;
            key.write_new_file(&self.file)?;
            key
        };
        println!("{}", key.public_key());
        Ok(())
    }
}
