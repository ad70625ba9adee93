//! An array with names for its axes, which is an `xarray.DataArray` to Python and a `Labelled` here.
//!
//! Start the Python half first, it prints the id of its service:
//!
//! ```text
//! python crates/hypha-client/examples/labelled.py http://127.0.0.1:9527
//! cargo run --example labelled -- http://127.0.0.1:9527 <that id>
//! ```
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::BTreeMap;

use hypha_client::{
    Client, CodecRegisterError, CodecRegistry, Custom, DecodeError, EncodeError, Map, NdArray,
    Service, TypeCodec, Value, Visibility, from_value, to_value,
};
use ndarray::ArrayD;
use serde::{Deserialize, Serialize};

/// An array whose axes have names, and whose places on an axis may have labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labelled {
    pub(crate) name: Option<String>,
    /// The names of the axes.
    pub(crate) dims: Vec<String>,
    /// The labels along an axis, by its name: numbers, times or texts.
    pub(crate) coords: BTreeMap<String, NdArray>,
    pub(crate) data: ArrayD<f64>,
    /// What else is known: units, sources.
    pub(crate) attrs: Map,
}

impl Labelled {
    /// Multiplies every number.
    pub(crate) fn scaled(mut self, factor: f64) -> Self {
        self.data *= factor;
        self
    }
}

/// The fields as they travel: what both halves have agreed on.
#[derive(Serialize, Deserialize)]
struct Fields {
    name: Option<String>,
    dims: Vec<String>,
    coords: BTreeMap<String, NdArray>,
    data: NdArray,
    attrs: Map,
}

/// The codecs of a client that knows labelled arrays. The tag is the name of the codec in Python.
pub(crate) fn registry() -> Result<CodecRegistry, CodecRegisterError> {
    let codec = TypeCodec::<Labelled>::new("xarray")
        .encode(encode)
        .decode(decode);
    let mut registry = CodecRegistry::new();
    registry.register(codec)?;
    Ok(registry)
}

fn encode(array: &Labelled) -> Result<Value, EncodeError> {
    to_value(&Fields {
        name: array.name.clone(),
        dims: array.dims.clone(),
        coords: array.coords.clone(),
        data: NdArray::from(array.data.clone()),
        attrs: array.attrs.clone(),
    })
}

fn decode(fields: Map) -> Result<Labelled, DecodeError> {
    let fields: Fields = from_value(Value::Map(fields)).map_err(DecodeError::custom)?;
    let data = ArrayD::try_from(&fields.data).map_err(DecodeError::custom)?;
    if data.ndim() != fields.dims.len() {
        return Err(DecodeError::custom(
            "an axis has no name, or a name no axis",
        ));
    }
    Ok(Labelled {
        name: fields.name,
        dims: fields.dims,
        coords: fields.coords,
        data,
        attrs: fields.attrs,
    })
}

/// What this half offers to the other: it gets and gives labelled arrays like any other value.
pub(crate) fn service() -> Service {
    Service::new("grids")
        .visibility(Visibility::Public)
        .method("scale", async |grid: Custom<Labelled>, factor: f64| {
            Custom::new(grid.into_inner().scaled(factor))
        })
}

/// Two days of temperatures in three cities.
pub(crate) fn temperatures() -> Result<Labelled, ndarray::ShapeError> {
    let data = ArrayD::from_shape_vec(vec![2, 3], vec![15.0, 21.0, 30.5, 17.0, 23.0, 31.5])?;
    let days = ndarray::arr1(&[19_675_i64, 19_676]);
    Ok(Labelled {
        name: Some("temperature".to_owned()),
        dims: vec!["day".to_owned(), "city".to_owned()],
        coords: BTreeMap::from([("day".to_owned(), NdArray::from(days))]),
        data,
        attrs: Map::from([("units", "celsius")]),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: labelled <server url> <id of the service in Python>".into());
    };
    let server = Client::builder(url)
        .codec_registry(registry()?)
        .connect()
        .await?;
    let ours = server.register_service(service()).await?;

    let climate = server.get_service(&id).await?;
    let made = Custom::new(temperatures()?);
    let anomaly: Custom<Labelled> = climate.call("anomaly", (made,)).await?;
    println!(
        "{:?} along {:?}: {}",
        anomaly.name, anomaly.dims, anomaly.data
    );

    // Python makes one, lets our service double it, and compares.
    let doubled: Custom<Labelled> = climate.call("double_there", (&ours.id,)).await?;
    println!("{:?} of {:?}", doubled.data, doubled.coords);
    server.disconnect().await;
    Ok(())
}
