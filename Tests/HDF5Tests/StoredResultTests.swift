import HDF5
import Testing

@Suite struct StoredResultTests {
  private func image(version: Int32 = 1, schema: Bool = true) throws -> [UInt8] {
    let schema = schema ? [ResultAttribute("transect_schema", .text("docs/HDF5-SCHEMA.md"))] : []
    return try ResultFile(
      attributes: schema + [
        ResultAttribute("schema_version", .int32(version)), ResultAttribute("complete", .int32(1)),
      ],
      groups: [
        ResultGroup(
          "things", attributes: [ResultAttribute("kind", .text("things"))],
          variables: [
            ResultVariable("item", dimensions: ["item"], .text(["a", "b"]), longName: "item"),
            ResultVariable("size", dimensions: ["item"], .float64([1.5, .nan]), longName: "size"),
            ResultVariable("number", dimensions: ["item"], .int64([3, 4]), longName: "number"),
          ])
      ]
    ).checkedImage()
  }

  @Test("What was written is read back")
  func values() throws {
    let stored = try StoredResult(image: image())
    #expect(stored.holds(group: "things") && !stored.holds(group: "others"))
    #expect(stored.attribute("kind", of: "things") == .text(["things"]))
    #expect(try stored.texts("item", in: "things") == ["a", "b"])
    #expect(try stored.counts("number", in: "things", extents: [2]) == [3, 4])
    let sizes = try stored.reals("size", in: "things", extents: [2])
    #expect(sizes[0] == 1.5 && sizes[1].isNaN)
  }

  @Test("What is not there, of another type, or of another size is an error")
  func mismatches() throws {
    let stored = try StoredResult(image: image())
    #expect(throws: HDF5Error.self) { try stored.texts("nothing", in: "things") }
    #expect(throws: HDF5Error.self) { try stored.texts("size", in: "things") }
    #expect(throws: HDF5Error.self) { try stored.reals("number", in: "things", extents: [2]) }
    #expect(throws: HDF5Error.self) { try stored.reals("size", in: "things", extents: [3]) }
  }

  @Test("Other files are refused: no HDF5, no schema, another version")
  func foreign() throws {
    #expect(throws: HDF5Error.self) { try StoredResult(image: Array("no HDF5 file".utf8)) }
    #expect(throws: HDF5Error.self) { try StoredResult(image: []) }
    #expect(throws: HDF5Error.self) { try StoredResult(image: image(schema: false)) }
    #expect(throws: HDF5Error.self) { try StoredResult(image: image(version: 2)) }
  }

  @Test("A file cut off anywhere is refused", arguments: [8, 100, 1000, 5000])
  func cut(length: Int) throws {
    let image = try image()
    #expect(throws: HDF5Error.self) { try StoredResult(image: Array(image.prefix(length))) }
  }
}
