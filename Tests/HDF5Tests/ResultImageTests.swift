import CHDF5
import Testing

@testable import HDF5

/// The bytes that results become.
@Suite struct ResultImageTests {
  private func found(_ file: ResultFile) throws -> FoundFile {
    try ImageReader.read(FileImage.open(file.checkedImage()))
  }

  /// The numbers of one dataset, read by the library.
  private func numbers(at path: String, in image: [UInt8], count: Int) throws -> [Double] {
    let file = try FileImage.open(image)
    let dataset = try Handle("H5Dopen2", H5Dopen2(file.id, path, 0))
    var numbers = [Double](repeating: 0, count: count)
    try checked(
      "H5Dread", H5Dread(dataset.id, chdf5_native_float64(), 0, 0, 0, &numbers))
    return numbers
  }

  @Test("A result with every feature of the schema keeps every rule")
  func goodFile() throws {
    let image = try Example.file().image()
    #expect(try ResultFileChecker.violations(inImage: image) == [])
  }

  @Test("Equal results give equal bytes at different times")
  func identicalBytes() async throws {
    let first = try Example.file().image()
    try await Task.sleep(for: .milliseconds(1200))
    #expect(try Example.file().image() == first)
  }

  @Test("Images made at the same time do not disturb each other")
  func concurrentImages() async throws {
    let expected = try Example.file().image()
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<16 { group.addTask { try Example.file().checkedImage() } }
      for try await image in group { #expect(image == expected) }
    }
  }

  @Test("The file keeps to the oldest superblock, which all readers open")
  func superblock() throws {
    let image = try Example.file().image()
    #expect(image.prefix(9) == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0])
  }

  @Test("Numbers come back bit for bit, NaN and infinity too")
  func roundTrip() throws {
    let values = [0, -0.0, .infinity, .nan, .leastNonzeroMagnitude, 0.1]
    let group = try ResultGroup(
      "g", variables: [.init("x", dimensions: ["x"], .float64(values), longName: "x")])
    let image = try ResultFile(groups: [group]).checkedImage()
    let back = try numbers(at: "/g/x", in: image, count: 6)
    #expect(back.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test("A dimension of length 0 is stored")
  func emptyDimension() throws {
    let found = try found(ResultFile(groups: [Example.norms(tensors: [])]))
    #expect(found.dataset(at: "/norms/diff_scaled")?.extents == [2, 0])
    #expect(found.dataset(at: "/norms/tensor")?.values == .text([]))
  }

  @Test("A NUL, where HDF5 would end the text, is stored as a visible sign")
  func nulInText() throws {
    let texts = ["a\0b", "", "\u{3B8}\u{2212}", "\0"]
    let group = try ResultGroup(
      "g", attributes: [ResultAttribute("note", .text("c\0d"))],
      variables: [.init("t", dimensions: ["t"], .text(texts), longName: "t")])
    let found = try found(ResultFile(groups: [group]))
    let stored = ["a\u{2400}b", "", "\u{3B8}\u{2212}", "\u{2400}"]
    #expect(found.dataset(at: "/g/t")?.values == .text(stored))
    #expect(found.group(at: "/g")?.attributes["note"]?.text == "c\u{2400}d")
  }

  @Test("Large variables are compressed and come back whole")
  func largeVariables() throws {
    let (rows, columns) = (300, 1001)
    let values = (0..<rows * columns).map { Double($0 % 7) }
    let group = try ResultGroup(
      "g",
      variables: [
        .init("row", dimensions: ["row"], .text((0..<rows).map { "\($0)" }), longName: "row"),
        .init(
          "column", dimensions: ["column"], .int64((0..<1001).map(Int64.init)), longName: "column"),
        .init("y", dimensions: ["row", "column"], .float64(values), longName: "y"),
        .init(
          "t", dimensions: ["row", "column"], .text(values.map { "\($0)" }), longName: "t"),
      ])
    let image = try ResultFile(groups: [group]).checkedImage()
    #expect(try numbers(at: "/g/y", in: image, count: values.count) == values)
    let found = try ImageReader.read(FileImage.open(image))
    #expect(found.dataset(at: "/g/t")?.values == .text(values.map { "\($0)" }))
  }

  @Test("A scale with more attributes than its header holds still labels many variables")
  func manyAttributes() throws {
    let attributes = (0..<20).map { ResultAttribute("a\($0)", .text("\($0)")) }
    let scale = try ResultVariable(
      "x", dimensions: ["x"], .int32([1, 2]), longName: "x", attributes: attributes)
    let others = try (0..<50).map {
      try ResultVariable(
        "y\($0)", dimensions: ["x"], .float64([1, 2]), longName: "y", attributes: attributes)
    }
    let group = try ResultGroup("g", attributes: attributes, variables: [scale] + others)
    let file = try ResultFile(attributes: attributes, groups: [group])
    let image = try file.checkedImage()
    #expect(try file.image() == image)
    let found = try ImageReader.read(FileImage.open(image))
    // CLASS, NAME, REFERENCE_LIST, long_name and units come with every scale of numbers.
    #expect(found.dataset(at: "/g/x")?.attributes.count == 25)
  }

  @Test("Variables and attributes keep the order in which they were given")
  func order() throws {
    let file = try FileImage.open(Example.file().image())
    let names = try (0..<7).map { index in
      try readName("H5Lget_name_by_idx") {
        H5Lget_name_by_idx(
          file.id, "norms", H5_INDEX_CRT_ORDER, H5_ITER_INC, hsize_t(index), $0, $1, 0)
      }
    }
    #expect(names == ["tensor", "pair", "layer", "module", "role", "diff_scaled", "n_shared"])
  }

  @Test("A file without groups is a file")
  func noGroups() throws {
    #expect(try found(ResultFile(groups: [])).groups.map(\.path) == ["/"])
  }

  @Test("Bytes that are no HDF5 file throw the library's own words")
  func garbage() {
    let error = #expect(throws: HDF5Error.self) {
      try ResultFileChecker.violations(inImage: Array("not a file".utf8))
    }
    #expect(error?.description.hasPrefix("H5Fopen: ") == true)
    #expect(error?.description.contains("file signature") == true)
  }

  @Test("A cut file throws and does not crash", arguments: [1, 9, 96, 800, 2048, 6000])
  func cutFile(length: Int) throws {
    let image = try Example.file().image()
    #expect(throws: HDF5Error.self) {
      try ResultFileChecker.violations(inImage: Array(image.prefix(length)))
    }
  }
}
