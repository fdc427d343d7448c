/// The bytes by which a process that reads a file of weights tells its parent what is there, in the
/// manner of ``StoredForm``.
enum WeightForm {
  /// The answer that a file was read.
  ///
  /// - Parameter file: what it holds.
  /// - Returns: the bytes.
  static func content(_ file: WeightFile) -> [UInt8] {
    var sink = Sink()
    sink.bytes.append(2)
    sink.add(file.texts) { $0.add($1) }
    sink.add(UInt64(file.datasets.count))
    for dataset in file.datasets { sink.add(dataset) }
    sink.add(StoredForm.endMark)
    return sink.bytes
  }

  /// Takes an answer apart.
  ///
  /// - Parameter answer: the bytes, from a process that may have been led astray.
  /// - Returns: what the file holds, or `nil` if it is no whole answer.
  /// - Throws: ``HDF5Error`` with the reason of a refusal.
  static func file(in answer: [UInt8]) throws -> WeightFile? {
    guard answer.first == 2 else {
      _ = try StoredForm.groups(in: answer)
      return nil
    }
    var source = Source(rest: answer.dropFirst())
    guard let texts = source.dictionary({ $0.text() }),
      let datasets = source.list({ $0.dataset() }), source.count() == StoredForm.endMark,
      source.rest.isEmpty
    else { return nil }
    return WeightFile(datasets: datasets, texts: texts)
  }
}

extension Sink {
  fileprivate mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

  fileprivate mutating func add(_ numbers: [Int]) {
    add(numbers.count)
    for number in numbers { add(number) }
  }

  fileprivate mutating func add(_ dataset: WeightFile.Dataset) {
    add(dataset.path)
    add(dataset.weightName ?? "")
    bytes += [dataset.element.rawValue, dataset.isBigEndian ? 1 : 0]
    add(dataset.extents)
    switch dataset.layout {
    case .contiguous(let offset, let byteCount):
      bytes.append(0)
      add([offset, byteCount])
    case .chunked(let extents, let filters, let chunks):
      bytes.append(1)
      add(extents)
      add(filters.map { Int($0.rawValue) })
      add(chunks.flatMap { [$0.offset, $0.byteCount, Int($0.skippedFilters)] })
    }
  }
}

extension Source {
  fileprivate mutating func number() -> Int? {
    count().flatMap { Int(exactly: $0) }
  }

  fileprivate mutating func numbers() -> [Int]? { list { $0.number() } }

  fileprivate mutating func dataset() -> WeightFile.Dataset? {
    guard let path = text(), let name = text(),
      let element = byte().flatMap(WeightFile.Element.init), let order = byte(),
      let extents = numbers(), let layout = layout()
    else { return nil }
    return WeightFile.Dataset(
      path: path, weightName: name.isEmpty ? nil : name, element: element, isBigEndian: order == 1,
      extents: extents, layout: layout)
  }

  private mutating func layout() -> WeightFile.Layout? {
    switch byte() {
    case 0:
      guard let place = numbers(), place.count == 2 else { return nil }
      return .contiguous(offset: place[0], byteCount: place[1])
    case 1:
      guard let extents = numbers(), let codes = numbers(), let parts = numbers(),
        parts.count.isMultiple(of: 3)
      else { return nil }
      let filters = codes.compactMap { UInt8(exactly: $0).flatMap(WeightFile.Filter.init) }
      guard filters.count == codes.count else { return nil }
      let chunks = stride(from: 0, to: parts.count, by: 3).map {
        WeightFile.Chunk(
          offset: parts[$0], byteCount: parts[$0 + 1],
          skippedFilters: UInt32(truncatingIfNeeded: parts[$0 + 2]))
      }
      return .chunked(extents: extents, filters: filters, chunks: chunks)
    default: return nil
    }
  }
}
