import CSHA256
import Tensors

/// The SHA-256 of what a tensor or a model holds, whatever file format, order or metadata it is
/// stored with.
///
/// A tensor's digest covers its type, its shape and its elements as little-endian row-major
/// bytes; a model's covers the canonical names and digests of its parameters, sorted by name.
/// Version 1 hashes, for a tensor, the text `transect tensor 1\0<dtype>\0<d0,d1,...>\0` followed
/// by the bytes; for a model, `transect model 1\0`, then for each parameter its name's length in
/// bytes as decimal text, `:`, its name and its digest's 32 bytes.
///
/// Source: FIPS 180-4 for SHA-256.
public struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// Lower-case hexadecimal digits.
  public var description: String {
    bytes.map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  /// The digest of one tensor.
  ///
  /// - Parameter record: the tensor; all of it is read, in pieces.
  /// - Throws: ``CheckpointError`` if its file cannot be read to the end.
  public init(of record: TensorRecord) throws {
    var hash = TensorHash(of: record)
    let reader = ElementReader(record)
    let piece = 1 << 16
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: reader.scratchByteCount(elements: piece), alignment: 64)
    defer { scratch.deallocate() }
    for first in stride(from: 0, to: record.shape.elementCount, by: piece) {
      let range = first..<min(first + piece, record.shape.elementCount)
      hash.add(try reader.bytes(of: range, scratch: scratch))
    }
    self = hash.digest
  }

  fileprivate init(_ hash: SHA256) {
    var hash = hash
    bytes = hash.finish()
  }

  /// The digest of a model.
  ///
  /// - Parameter parameters: canonical names, each once, and the digests of their tensors.
  public init(ofModel parameters: [(name: TensorName, digest: ContentDigest)]) {
    var hash = SHA256()
    hash.add(text: "transect model 1\0")
    for (name, digest) in parameters.sorted(by: { $0.name < $1.name }) {
      hash.add(text: "\(name.text.utf8.count):" + name.text)
      digest.bytes.withUnsafeBytes { hash.add($0) }
    }
    bytes = hash.finish()
  }

  /// The digest of bytes as they are.
  ///
  /// - Parameter content: any bytes.
  public init(ofBytes content: [UInt8]) {
    var hash = SHA256()
    content.withUnsafeBytes { hash.add($0) }
    bytes = hash.finish()
  }
}

/// The digest of a tensor while its elements come in.
public struct TensorHash: Sendable {
  private var hash = SHA256()

  /// Begins with what is no element: type and shape.
  ///
  /// - Parameter record: the tensor, of which nothing is read.
  public init(of record: TensorRecord) {
    let dimensions = record.shape.dimensions.map(String.init).joined(separator: ",")
    hash.add(text: "transect tensor 1\0\(record.dtype.rawValue)\0\(dimensions)\0")
  }

  /// Takes the elements that come next.
  ///
  /// - Parameter bytes: row-major and lowest byte first.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) { hash.add(bytes) }

  /// Takes the next elements of two tensors, in about three quarters of the time of one after the
  /// other.
  ///
  /// - Parameters:
  ///   - bytes: those of this one.
  ///   - other: the hash of the other tensor.
  ///   - otherBytes: those of the other, of any length.
  public mutating func add(
    _ bytes: UnsafeRawBufferPointer, and other: inout TensorHash,
    _ otherBytes: UnsafeRawBufferPointer
  ) {
    hash.add(bytes, and: &other.hash, otherBytes)
  }

  /// The digest, once all elements have come.
  public var digest: ContentDigest { ContentDigest(hash) }
}

private struct SHA256 {
  private var state = sha256()

  init() { sha256_start(&state) }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    sha256_add(&state, bytes.baseAddress, bytes.count)
  }

  mutating func add(
    _ bytes: UnsafeRawBufferPointer, and other: inout SHA256, _ otherBytes: UnsafeRawBufferPointer
  ) {
    sha256_add_pair(
      &state, bytes.baseAddress, bytes.count,
      &other.state, otherBytes.baseAddress, otherBytes.count)
  }

  mutating func add(text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  mutating func finish() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_BYTES)) { buffer, count in
      sha256_finish(&state, buffer.baseAddress)
      count = Int(SHA256_DIGEST_BYTES)
    }
  }
}

extension ContentDigest: Codable {
  /// Reads hexadecimal digits.
  ///
  /// - Parameter decoder: of a text.
  /// - Throws: `DecodingError` if it is not 64 digits.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let digits = Array(try container.decode(String.self).unicodeScalars.map(Character.init))
    let pairs = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    guard digits.count == 64, pairs.count == 32 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "no SHA-256 in hexadecimal digits")
    }
    bytes = pairs
  }

  /// Writes hexadecimal digits.
  ///
  /// - Parameter encoder: takes a text.
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
