import JSON
import Tensors

/// The JSON header of a safetensors file, checked.
struct SafetensorsHeader {
  private(set) var records: [TensorRecord] = []
  private(set) var metadata: [(key: String, value: String)] = []

  private let file: InputFile
  private let dataStart: Int

  /// More than any file has that was seen; a header of 100 MB could claim millions.
  static let tensorLimit = 250_000
  static let metadataLimit = 65_536
  static let rankLimit = 64
  /// Bytes of JSON that describe one tensor of a large model, less rather than more.
  private static let usualEntry = 100

  /// Parses a header.
  ///
  /// - Throws: ``CheckpointError`` for whatever the format forbids, and for duplicate names
  ///   and unknown fields, which some readers take and others do not.
  init(_ bytes: [UInt8], file: InputFile, dataStart: Int) throws {
    (self.file, self.dataStart) = (file, dataStart)
    guard bytes.first == UInt8(ascii: "{") else {
      throw malformed(
        "is of no format known here: neither a zip archive nor an index of shards, and where "
          + "safetensors has a header, it does not begin with '{'")
    }
    do {
      try parse(bytes)
    } catch let fault as JSONScanner.Fault {
      throw malformed("header byte \(fault.offset): \(fault.detail)")
    }
    try requireWholeCoverage()
  }

  private mutating func parse(_ bytes: [UInt8]) throws {
    var scanner = JSONScanner(bytes)
    // A set that grows hashes every name anew, so it starts at what such a header usually holds.
    var names = Set<TensorName>(
      minimumCapacity: min(
        bytes.count / SafetensorsHeader.usualEntry, SafetensorsHeader.tensorLimit))
    var hasMetadata = false
    try scanner.object { scanner, key in
      guard key != "__metadata__" else {
        guard !hasMetadata else { throw scanner.fault("__metadata__ appears twice") }
        hasMetadata = true
        return try readMetadata(&scanner)
      }
      let name = TensorName(key)
      guard names.insert(name).inserted else {
        throw malformed("appears twice in the header", tensor: name)
      }
      records.append(try readEntry(&scanner, name: name))
      guard records.count <= SafetensorsHeader.tensorLimit else {
        throw malformed("has more than \(SafetensorsHeader.tensorLimit) tensors")
      }
    }
    guard scanner.isAtEnd() else { throw scanner.fault("something follows the header's object") }
  }

  private mutating func readMetadata(_ scanner: inout JSONScanner) throws {
    if scanner.null() { return }
    var keys = Set<TensorName>()
    try scanner.object { scanner, key in
      guard keys.insert(TensorName(key)).inserted else {
        throw scanner.fault("metadata key '\(key)' appears twice")
      }
      guard scanner.peek() == UInt8(ascii: "\"") else {
        throw scanner.fault("metadata value of '\(key)' is not a string")
      }
      metadata.append((key, try scanner.string()))
      guard metadata.count <= SafetensorsHeader.metadataLimit else {
        throw malformed("has more than \(SafetensorsHeader.metadataLimit) entries of metadata")
      }
    }
  }

  private func readEntry(_ scanner: inout JSONScanner, name: TensorName) throws -> TensorRecord {
    var (dtype, shape, offsets) = (DType?.none, Shape?.none, Range<Int>?.none)
    try scanner.object { scanner, field in
      switch (field, dtype, shape, offsets) {
      case ("dtype", nil, _, _): dtype = try readDType(&scanner, name: name)
      case ("shape", _, nil, _): shape = try readShape(&scanner, name: name)
      case ("data_offsets", _, _, nil): offsets = try readOffsets(&scanner, name: name)
      default: throw malformed("field '\(field)' is unknown or appears twice", tensor: name)
      }
    }
    guard let dtype, let shape, let offsets else {
      throw malformed("needs dtype, shape and data_offsets", tensor: name)
    }
    return try TensorRecord(name: name, dtype: dtype, shape: shape, bytes: offsets, file: file)
  }

  private func readDType(_ scanner: inout JSONScanner, name: TensorName) throws -> DType {
    guard scanner.peek() == UInt8(ascii: "\"") else {
      throw malformed("dtype is not a string", tensor: name)
    }
    let text = try scanner.string()
    if let dtype = DType(rawValue: text) { return dtype }
    guard DType.recognizedButUnsupported.contains(text) else {
      throw malformed("dtype '\(text)' is not one of the format's", tensor: name)
    }
    throw CheckpointError(
      .unsupported, in: file.path, tensor: name, "dtype \(text) is not supported")
  }

  private func readShape(_ scanner: inout JSONScanner, name: TensorName) throws -> Shape {
    let extents = try readCounts(&scanner)
    guard extents.count <= SafetensorsHeader.rankLimit, let shape = Shape(extents) else {
      throw malformed(
        "shape \(Shape.list(extents)) has more extents or elements than can be addressed",
        tensor: name)
    }
    return shape
  }

  private func readOffsets(_ scanner: inout JSONScanner, name: TensorName) throws -> Range<Int> {
    let pair = try readCounts(&scanner)
    let available = file.byteCount - dataStart
    guard pair.count == 2, pair[0] <= pair[1], pair[1] <= available else {
      throw malformed(
        "data_offsets \(Shape.list(pair)) are no range within the \(available) data bytes",
        tensor: name)
    }
    return dataStart + pair[0]..<dataStart + pair[1]
  }

  private func readCounts(_ scanner: inout JSONScanner) throws -> [Int] {
    var counts: [Int] = []
    // One beyond the limit shows that there are more; a header may hold millions.
    try scanner.array { scanner in
      let count = try scanner.count()
      if counts.count <= SafetensorsHeader.rankLimit { counts.append(count) }
    }
    return counts
  }

  /// Every data byte belongs to exactly one tensor.
  private func requireWholeCoverage() throws {
    var end = dataStart
    for place in placesInOrder() {
      let gap = place.bytes.lowerBound - end
      guard gap == 0 else {
        throw malformed(
          gap > 0
            ? "\(gap) data bytes before it belong to no tensor"
            : "overlaps the tensor before it by \(-gap) bytes", tensor: records[place.index].name)
      }
      end = place.bytes.upperBound
    }
    guard end == file.byteCount else {
      throw malformed("\(file.byteCount - end) bytes after the last tensor belong to none")
    }
  }

  /// The bytes of each record, in the order of the file; those of the same bytes as in the header.
  private func placesInOrder() -> [(bytes: Range<Int>, index: Int)] {
    records.indices.map { index in
      let first = records[index].offset
      return (first..<first + records[index].shape.byteCount(of: records[index].dtype), index)
    }.sorted { left, right in
      (left.bytes.lowerBound, left.bytes.upperBound, left.index)
        < (right.bytes.lowerBound, right.bytes.upperBound, right.index)
    }
  }

  private func malformed(_ detail: String, tensor: TensorName? = nil) -> CheckpointError {
    CheckpointError(.malformed, in: file.path, tensor: tensor, detail)
  }
}
