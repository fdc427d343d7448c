/// The rules of the schema, as tests of a finished file.
///
/// It reads what the file says, not what the writer meant: any HDF5 file can be checked.
public enum ResultFileChecker {
  /// Finds every breach of rules R1 to R11; R12 and R13 cannot be seen in one file.
  ///
  /// - Parameter image: the bytes of a file.
  /// - Returns: lines `rule object: what was found`, links first, then groups, then datasets,
  ///   each by name; none for a good file.
  /// - Throws: ``HDF5Error`` if the bytes are not an HDF5 file that can be walked.
  /// - Complexity: reads all text and all 8-bit codes; other numbers are not read.
  public static func violations(inImage image: [UInt8]) throws -> [String] {
    silenceErrorPrinting()
    let file = try FileImage.open(image)
    let found = try ImageReader.read(file)
    return found.strays.map { "R4 \($0.path): is \($0.what)" }
      + found.groups.flatMap { $0.violations(in: found) }
      + found.datasets.flatMap { $0.violations(in: found) }
  }
}

extension FoundGroup {
  fileprivate func violations(in file: FoundFile) -> [String] {
    let faults: [(rule: String, faults: [String])] = [
      ("R6", attributes.flatMap(\.faults)),
      ("R9", creation.faults),
      ("R11", attributes.flatMap { $0.pathFaults(in: file) }),
    ]
    return faults.flatMap { rule in rule.faults.map { "\(rule.rule) \(path): \($0)" } }
  }
}

extension FoundDataset {
  fileprivate func violations(in file: FoundFile) -> [String] {
    let faults: [(rule: String, faults: [String])] = [
      ("R1", typeFaults), ("R2", scaleCountFaults), ("R3", scaleNameFaults(in: file)),
      ("R3", coordinateFaults(in: file)), ("R4", storageFaults), ("R5", flagFaults),
      ("R6", attributeFaults), ("R7", wordFaults), ("R8", fillFaults), ("R9", creation.faults),
      ("R10", nameFaults), ("R11", pathFaults(in: file)),
    ]
    return faults.flatMap { rule in rule.faults.map { "\(rule.rule) \(path): \($0)" } }
  }
}

extension FoundCreation {
  /// R9: orders are tracked, times are not.
  fileprivate var faults: [String] {
    [
      ordersLinks ? nil : "does not track the order of its links",
      ordersAttributes ? nil : "does not track the order of its attributes",
      storesTimes ? "stores times" : nil,
    ].compactMap { $0 }
  }
}

extension FoundAttribute {
  /// R6: text, 64-bit floats or 32-bit integers, one or a list.
  var faults: [String] {
    guard let extents else { return ["attribute '\(name)' has a null dataspace"] }
    guard [.known(.text), .known(.float64), .known(.int32)].contains(type) else {
      return ["attribute '\(name)' holds \(type.description)"]
    }
    return extents.count > 1 ? ["attribute '\(name)' has \(extents.count) dimensions"] : []
  }

  /// R11: no absolute paths, unless the file says that they are recorded.
  ///
  /// Paths that start with a group of the file are objects of the file.
  func pathFaults(in file: FoundFile) -> [String] {
    guard !file.recordsPaths, case .text(let texts)? = values else { return [] }
    return texts.flatMap(UserPath.words).filter { !file.holds($0) }
      .map { "attribute '\(name)' tells the path '\($0)'" }
  }
}

extension FoundFile {
  /// Whether the user asked for paths to be recorded.
  var recordsPaths: Bool {
    let flag = group(at: "/provenance")?.attributes["paths_recorded"]?.values
    return if case .int32([1])? = flag { true } else { false }
  }

  /// Whether a path starts with a group of this file.
  func holds(_ path: String) -> Bool {
    path.split(separator: "/").first.map { group(at: "/\($0)") != nil } ?? false
  }
}
