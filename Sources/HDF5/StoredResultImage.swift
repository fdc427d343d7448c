internal import CHDF5

extension StoredResult {
  /// Reads a file in this process.
  ///
  /// - Parameters:
  ///   - image: the file's bytes.
  ///   - names: the groups whose variables are read, or `nil` for all.
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/foreignFile(_:)`` if it is no whole result
  ///   file of this schema.
  public init(image: [UInt8], groups names: [String]? = nil) throws {
    guard image.starts(with: StoredResult.signature) else {
      throw HDF5Error(.foreignFile("is no HDF5 file"))
    }
    guard image.holds("transect_schema") else {
      throw HDF5Error(.foreignFile("was not written by transect"))
    }
    let violations = try ResultFileChecker.violations(inImage: image)
    guard violations.isEmpty else { throw HDF5Error(.violations(violations)) }
    let file = try FileImage.open(image)
    let found = try ImageReader.read(file)
    self.init(groups: try found.content(of: file) { names?.contains($0) ?? true })
    guard case .int32([1])? = attribute("schema_version"), attribute("complete") != nil
    else { throw HDF5Error(.foreignFile("is not a complete result file of schema version 1")) }
  }

  /// The bytes that every HDF5 file begins with (HDF5 file format, section II.A).
  public static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
}

extension FoundFile {
  /// The groups that are wanted and the attributes of the file, with all values.
  fileprivate func content(
    of file: borrowing Handle, isWanted: (String) -> Bool
  ) throws -> [String: StoredResult.Group] {
    var content: [String: StoredResult.Group] = [:]
    for group in groups {
      let name = String(group.path.dropFirst())
      guard name.isEmpty || isWanted(name) else { continue }
      for attribute in group.attributes {
        content[name, default: .init()].attributes[attribute.name] = attribute.values
      }
    }
    for dataset in datasets {
      let name = String(dataset.folder.dropFirst().dropLast())
      guard isWanted(name), let extents = dataset.extents else { continue }
      content[name, default: .init()].variables[dataset.name] = .init(
        extents: extents, values: try dataset.values ?? numbers(of: dataset, extents, in: file))
    }
    return content
  }

  private func numbers(
    of dataset: FoundDataset, _ extents: [Int], in file: borrowing Handle
  ) throws -> ResultValues {
    guard case .known(let type) = dataset.type else {
      throw HDF5Error(.foreignFile("holds another type"), variable: dataset.path)
    }
    let fileID = file.id
    let handle = try Handle("H5Dopen2", unsafe H5Dopen2(fileID, dataset.path, 0))
    let id = handle.id
    let space = try Handle("H5Dget_space", H5Dget_space(id))
    return try unsafe readValues("H5Dread", type, extents: extents, space: space) {
      unsafe H5Dread(id, $0, 0, 0, 0, $1)
    }
  }
}

extension [UInt8] {
  /// Whether the bytes of a text occur among these.
  fileprivate func holds(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard let first = wanted.first, count >= wanted.count else { return false }
    return indices.dropLast(wanted.count - 1).contains { start in
      self[start] == first && self[start..<start + wanted.count].elementsEqual(wanted)
    }
  }
}
