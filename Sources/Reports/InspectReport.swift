import Checkpoints
import Geometry
import Tensors

/// What one checkpoint holds, tensor by tensor.
public struct InspectReport: Sendable {
  private let parameters: ParameterList
  private let records: [TensorRecord]
  private let statistics: [TensorStatistics]?
  private let digests: [ContentDigest]?

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - parameters: the checkpoint.
  ///   - records: the tensors to list, or `nil` for all.
  ///   - statistics: of each of these, or `nil` to leave them out.
  ///   - digests: of each of these, or `nil` to leave them out.
  public init(
    _ parameters: ParameterList, records: [TensorRecord]? = nil,
    statistics: [TensorStatistics]? = nil, digests: [ContentDigest]? = nil
  ) {
    (self.parameters, self.statistics, self.digests) = (parameters, statistics, digests)
    self.records = records ?? parameters.checkpoint.records
  }

  /// One row for each tensor listed, in the order of the file.
  public var table: ReportTable {
    let (stored, uses, fileNames) = (records, uses, fileNames)
    return ReportTable(
      rowCount: stored.count,
      columns: [
        .init("tensor", heading: "tensor", .text(stored.map(\.name.text))),
        .init("dtype", heading: "dtype", .text(stored.map(\.dtype.rawValue))),
        .init("shape", heading: "shape", .text(stored.map(\.shape.compact))),
        .init("numel", heading: "values", .integer(stored.map { $0.shape.elementCount })),
        .init("use", heading: "use", .text(stored.map { uses[$0.name] ?? "" })),
        .init("file", .text(stored.map { fileNames[ObjectIdentifier($0.file)] ?? "" })),
      ] + statisticColumns + digestColumns)
  }

  private var fileNames: [ObjectIdentifier: String] {
    let files = parameters.checkpoint.files
    return Dictionary(
      files.map { (ObjectIdentifier($0), baseName($0.path)) }, uniquingKeysWith: { $1 })
  }

  /// What each stored tensor is used as.
  private var uses: [TensorName: String] {
    var uses: [TensorName: String] = [:]
    uses.reserveCapacity(records.count)
    for parameter in parameters.parameters {
      uses[parameter.record.name] = parameter.name.role.rawValue
    }
    for buffer in parameters.buffers { uses[buffer.record.name] = "buffer" }
    for tie in parameters.ties { uses[tie.parameter.record.name] = "tied to \(tie.of)" }
    return uses
  }

  private var statisticColumns: [ReportTable.Column] {
    guard let statistics else { return [] }
    let hasNonfinite = statistics.contains { $0.nan + $0.infinite > 0 }
    return [
      .init("norm", heading: "norm", .real(statistics.map(\.norm))),
      .init("average", heading: "mean", .real(statistics.map(\.mean))),
      .init("sd", heading: "sd", .real(statistics.map(\.standardDeviation))),
      .init("least", heading: "min", .real(statistics.map(\.least))),
      .init("greatest", heading: "max", .real(statistics.map(\.greatest))),
      .init("n_zero", heading: "zeros", .integer(statistics.map { $0.zeros })),
      .init("n_nan", heading: hasNonfinite ? "NaN" : nil, .integer(statistics.map { $0.nan })),
      .init("n_inf", heading: hasNonfinite ? "Inf" : nil, .integer(statistics.map { $0.infinite })),
    ]
  }

  private var digestColumns: [ReportTable.Column] {
    guard let digests else { return [] }
    return [.init("digest", heading: "SHA-256 of content", .text(digests.map(\.description)))]
  }

  /// The digest of the whole model: parameters only, tied ones once; `nil` without the
  /// digests of all.
  public var modelDigest: ContentDigest? {
    guard let digests, records.count == parameters.checkpoint.records.count else { return nil }
    let byName = Dictionary(
      zip(records.map(\.name), digests), uniquingKeysWith: { first, _ in first })
    return ContentDigest(
      ofModel: parameters.parameters.compactMap { parameter in
        byName[parameter.record.name].map { (parameter.name.canonical, $0) }
      })
  }

  /// What the checkpoint is, in a few lines.
  public var summary: [String] {
    let checkpoint = parameters.checkpoint
    let files = checkpoint.files.count
    let size = "\(checkpoint.byteCount.grouped) bytes in \(files) file\(files == 1 ? "" : "s")"
    var lines = [
      "\(checkpoint.path): \(checkpoint.format), \(checkpoint.records.count) tensors, \(size)",
      "\(parameters.elementCount.grouped) parameters in \(parameters.parameters.count) tensors; "
        + "\(parameters.buffers.count) buffers, \(parameters.ties.count) tied",
    ]
    for (key, value) in checkpoint.metadata { lines.append("metadata \(key): \(value)") }
    lines += checkpoint.notes.map { "note: \($0)" }
    if let modelDigest { lines.append("model digest: \(modelDigest)") }
    return lines.map(\.escapedForTerminal)
  }
}
