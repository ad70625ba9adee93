//! Payload bytes are not copied: what is decoded are slices of the frame, what is encoded goes out by reference.

use bytes::Bytes;
use hypha_codec::{
    CodecRegistry, DType, Decoder, Encoder, Map, NdArray, OutgoingHeader, Packet, Payload, Value,
    decode, encode, encode_frame,
};

const MIB: usize = 1024 * 1024;

fn frame_with(array: &NdArray) -> Bytes {
    let args = Value::from(Map::from([(
        "args",
        Value::from([Value::from(array.clone())]),
    )]));
    let payload = Encoder::new(CodecRegistry::builtin())
        .value(&args)
        .expect("encodes");
    encode_frame(&OutgoingHeader::call("ws/to", "services.s.f"), payload).into_bytes()
}

#[test]
fn an_array_of_64_mib_is_a_slice_of_its_frame() {
    let array = NdArray::new(DType::Float32, [16, MIB], vec![0; 64 * MIB]).expect("16 Mi floats");
    let frame = frame_with(&array);
    let within = frame.as_ptr_range();
    let packet = Packet::parse(frame).expect("a frame");
    let payload =
        Payload::decode(packet.payload(), &Decoder::new(CodecRegistry::builtin())).expect("a call");
    let [Value::NdArray(read)] = &payload.args[..] else {
        panic!("one array expected")
    };
    assert_eq!(read.shape(), [16, MIB]);
    assert!(
        within.contains(&read.data().as_ptr()),
        "the bytes are where the frame is"
    );
    assert_eq!(read.data().len(), 64 * MIB);

    let Value::NdArray(kept) = payload.args[0].clone().detach() else {
        panic!("still an array")
    };
    assert!(
        !within.contains(&kept.data().as_ptr()),
        "detached bytes are elsewhere"
    );
}

#[test]
fn large_bytes_go_out_by_reference() {
    let large = Bytes::from(vec![1; 20_000]);
    let small = Bytes::from(vec![2; 1000]);
    let value = Value::from([
        Value::from(large.clone()),
        small.into(),
        large.clone().into(),
        1.into(),
    ]);
    let rope = Encoder::new(CodecRegistry::builtin())
        .value(&value)
        .expect("encodes");
    let segments: Vec<&Bytes> = rope.segments().collect();
    assert_eq!(segments.len(), 5, "three pieces around two references");
    assert_eq!(
        [segments[1].as_ptr(), segments[3].as_ptr()],
        [large.as_ptr(); 2]
    );
    assert_eq!(rope.into_bytes(), encode(&value).expect("encodes"));
}

#[test]
fn small_text_and_bytes_do_not_pin_the_frame() {
    let value = Value::from([
        Value::from("short"),
        "x".repeat(4000).into(),
        vec![1_u8; 4000].into(),
    ]);
    let frame = encode(&value).expect("encodes");
    let read = decode(frame.clone()).expect("decodes");
    assert_eq!(read, value);
    assert!(frame.is_unique(), "no slice is left behind");
}

#[test]
fn large_text_is_a_slice() {
    let frame = encode(&Value::from("ß".repeat(10_000))).expect("encodes");
    let read = decode(frame.clone()).expect("decodes");
    let text = read.as_str().expect("text");
    assert!(frame.as_ptr_range().contains(&text.as_ptr()));
    let kept = read.clone().detach();
    assert!(
        !frame
            .as_ptr_range()
            .contains(&kept.as_str().expect("text").as_ptr())
    );
    assert_eq!(kept, read);
}
