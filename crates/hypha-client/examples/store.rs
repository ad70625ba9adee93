//! A picture in pieces, lent to others: they read the pieces that they need, when they need them.
//!
//! The picture is laid out as a zarr array of format 2. Start the Python or the JavaScript half first, it prints the id of
//! its service:
//!
//! ```text
//! python crates/hypha-client/examples/store.py http://127.0.0.1:9527
//! cargo run --example store -- http://127.0.0.1:9527 <that id>
//! ```
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::sync::{Arc, Mutex, PoisonError};

use hypha_client::{Binary, Client, Interface, Members, Method};
use ndarray::Array2;

/// A picture in pieces of a fixed size. Cheap clones of one.
#[derive(Clone, Debug)]
pub(crate) struct ChunkStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pixels: Array2<u16>,
    /// Rows and columns of a piece.
    chunk: [usize; 2],
    fetched: Mutex<Vec<String>>,
}

impl ChunkStore {
    pub(crate) fn new(pixels: Array2<u16>, chunk: [usize; 2]) -> Self {
        Self {
            inner: Arc::new(Inner {
                pixels,
                chunk,
                fetched: Mutex::default(),
            }),
        }
    }

    /// What goes to the other side: three functions, which it can call until it disposes of the object or leaves.
    pub(crate) fn interface(&self) -> Interface {
        let (get, contains, keys) = (self.clone(), self.clone(), self.clone());
        let get = Method::new(move |key: String| {
            let value = get.fetch(&key);
            async move { value }
        });
        let contains = Method::new(move |key: String| {
            let found = contains.value(&key).is_some();
            async move { found }
        });
        let keys = Method::new(move || {
            let keys = keys.keys();
            async move { keys }
        });
        Interface::new(
            Members::new()
                .method("get", get.param("key").doc("The value of a key, or null."))
                .method("contains", contains.param("key"))
                .method("keys", keys),
        )
    }

    /// The keys that were asked for, in their order.
    pub(crate) fn fetched(&self) -> Vec<String> {
        self.inner
            .fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn fetch(&self, key: &str) -> Option<Binary> {
        let value = self.value(key)?;
        self.inner
            .fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(key.to_owned());
        Some(Binary::from(value))
    }

    fn value(&self, key: &str) -> Option<Vec<u8>> {
        let Inner { pixels, chunk, .. } = &*self.inner;
        let json = match key {
            ".zarray" => serde_json::json!({
                "zarr_format": 2,
                "shape": pixels.shape(),
                "chunks": chunk,
                "dtype": "<u2",
                "order": "C",
                "fill_value": 0,
                "compressor": null,
                "filters": null,
            }),
            ".zattrs" => serde_json::json!({ "title": "gradient" }),
            key => return self.piece(key),
        };
        Some(json.to_string().into_bytes())
    }

    /// The piece `row.column`: always whole, zeros beyond the border of the picture.
    fn piece(&self, key: &str) -> Option<Vec<u8>> {
        let Inner { pixels, chunk, .. } = &*self.inner;
        let (row, column) = key.split_once('.')?;
        let top = row.parse::<usize>().ok()?.checked_mul(chunk[0])?;
        let left = column.parse::<usize>().ok()?.checked_mul(chunk[1])?;
        let (rows, columns) = pixels.dim();
        if top >= rows || left >= columns {
            return None;
        }
        let pixel = |(y, x)| pixels.get((top + y, left + x)).copied();
        let piece = Array2::from_shape_fn(*chunk, |place| pixel(place).unwrap_or_default());
        Some(piece.iter().flat_map(|pixel| pixel.to_le_bytes()).collect())
    }

    fn keys(&self) -> Vec<String> {
        let Inner { pixels, chunk, .. } = &*self.inner;
        let (rows, columns) = pixels.dim();
        let pieces = (0..rows.div_ceil(chunk[0]))
            .flat_map(|row| (0..columns.div_ceil(chunk[1])).map(move |column| (row, column)));
        [".zarray", ".zattrs"]
            .map(str::to_owned)
            .into_iter()
            .chain(pieces.map(|(row, column)| format!("{row}.{column}")))
            .collect()
    }
}

/// A picture that grows brighter to the right and to the bottom.
pub(crate) fn gradient(rows: u16, columns: u16) -> Array2<u16> {
    Array2::from_shape_fn((rows.into(), columns.into()), |(row, column)| {
        u16::try_from(row * 50 + column).unwrap_or(u16::MAX)
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: store <server url> <id of the service of the other half>".into());
    };
    let server = Client::builder(url).connect().await?;
    let viewer = server.get_service(&id).await?;

    let store = ChunkStore::new(gradient(1_000, 950), [100, 100]);
    let shape: Vec<usize> = viewer.call("open", (store.interface(),)).await?;
    println!(
        "the other side sees {shape:?} pixels, and has read {:?}",
        store.fetched()
    );

    // The call that the store travelled in is over.
    let mean: f64 = viewer.call("mean", (150, 250, 0, 50)).await?;
    println!(
        "the mean of a corner is {mean}, for which it read {:?}",
        store.fetched()
    );
    viewer.call::<()>("close", ()).await?;
    server.disconnect().await;
    Ok(())
}
