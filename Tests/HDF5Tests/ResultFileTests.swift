import Testing

@testable import HDF5

/// What the constructors refuse, so that it never reaches a file.
@Suite struct ResultFileTests {
  private func scale(_ length: Int) throws -> ResultVariable {
    try ResultVariable(
      "x", dimensions: ["x"], .int32(Array(repeating: 0, count: length)), longName: "x")
  }

  private func reason(_ body: () throws -> Void) -> HDF5Error.Reason? {
    #expect(throws: HDF5Error.self) { try body() }?.reason
  }

  @Test("The dimensions of a group are the lengths of its scales, in their order")
  func dimensions() throws {
    let group = try Example.norms()
    #expect(group.dimensions.map(\.name) == ["tensor", "pair"])
    #expect(group.dimensions.map(\.length) == [3, 2])
  }

  @Test("A dimension without a scale is refused by name")
  func missingScale() throws {
    let variable = try ResultVariable("y", dimensions: ["x"], .float64([1]), longName: "y")
    let error = #expect(throws: HDF5Error.self) { try ResultGroup("g", variables: [variable]) }
    #expect(
      error?.description
        == "group 'g', variable 'y': dimension 'x' has no variable of its own name to label it")
  }

  @Test("Values that do not fill the dimensions are refused, with both counts")
  func elementCount() throws {
    let variable = try ResultVariable("y", dimensions: ["x"], .float64([1, 2]), longName: "y")
    let error = #expect(throws: HDF5Error.self) {
      try ResultGroup("g", variables: [scale(3), variable])
    }
    #expect(error?.reason == .elementCount(found: 2, expected: 3, dimensions: ["x"]))
    #expect(
      error?.description
        == "group 'g', variable 'y': 2 values for dimensions [\"x\"], which hold 3")
  }

  @Test("A scalar holds exactly one value", arguments: [0, 2])
  func scalar(count: Int) throws {
    let values = [Int64](repeating: 1, count: count)
    #expect(
      reason { _ = try ResultGroup("g", variables: [.init("y", .int64(values), longName: "y")]) }
        == .elementCount(found: count, expected: 1, dimensions: []))
  }

  @Test("A variable named for a dimension lies along that one alone")
  func misshapenScale() throws {
    #expect(
      reason {
        _ = try ResultGroup(
          "g",
          variables: [
            scale(1),
            .init("y", dimensions: ["y"], .int32([1]), longName: "y"),
            .init("y2", dimensions: ["y", "x"], .int32([1]), longName: "y"),
            .init("x2", dimensions: ["x", "x2"], .int32([1]), longName: "x"),
          ])
      } == .missingScale(dimension: "x2"))
  }

  @Test("A name is used once in a file, a group, a shape and a list of attributes")
  func duplicates() throws {
    let group = try ResultGroup("g", variables: [scale(1)])
    #expect(reason { _ = try ResultFile(groups: [group, group]) } == .duplicateName("g"))
    #expect(
      reason { _ = try ResultGroup("g", variables: [scale(1), scale(1)]) }
        == .duplicateName("x"))
    #expect(
      reason {
        _ = try ResultVariable("y", dimensions: ["x", "x"], .int32([]), longName: "y")
      } == .duplicateName("x"))
    let attribute = ResultAttribute("a", .int32(1))
    #expect(
      reason { _ = try ResultFile(attributes: [attribute, attribute], groups: []) }
        == .duplicateName("a"))
  }

  @Test("Names are ASCII words", arguments: ["", "a/b", "1a", "_a", "a b", ".", "\u{3B1}", "a\0"])
  func invalidNames(name: String) throws {
    #expect(
      reason { _ = try ResultVariable(name, .int32([1]), longName: "y") } == .invalidName(name))
    #expect(reason { _ = try ResultGroup(name, variables: []) } == .invalidName(name))
  }

  @Test("No variable hides behind an xarray method", arguments: Name.ofReaderMethods.sorted())
  func readerMethods(name: String) {
    #expect(
      reason { _ = try ResultVariable(name, .int32([1]), longName: "y") } == .reservedName(name))
  }

  @Test("Attributes that the module writes itself cannot be given")
  func writtenHere() {
    for name in Name.ofAttributesWrittenHere.sorted() where Name.isValid(name) {
      let attribute = ResultAttribute(name, .text("a"))
      #expect(
        reason { _ = try ResultFile(attributes: [attribute], groups: []) } == .reservedName(name))
    }
  }

  @Test("An attribute has at least one value")
  func emptyAttribute() {
    let attribute = ResultAttribute("axes", .texts([]))
    #expect(
      reason { _ = try ResultFile(attributes: [attribute], groups: []) }
        == .unusableAttribute(name: "axes", expected: "at least one value"))
  }

  @Test("Units are 1 unless given, and text has none")
  func units() throws {
    #expect(try ResultVariable("y", .int32([1]), longName: "y").units == "1")
    #expect(try ResultVariable("y", .text([""]), longName: "y").units == nil)
    #expect(
      reason { _ = try ResultVariable("y", .text([""]), longName: "y", units: "m") }
        == .unusableUnits("m"))
  }

  @Test("Time spans are refused as units, since xarray changes their type")
  func timeSpans() throws {
    #expect(try ResultVariable("t", .float64([1]), longName: "t", units: "s").units == "s")
    #expect(
      reason { _ = try ResultVariable("t", .float64([1]), longName: "t", units: "seconds") }
        == .unusableUnits("seconds"))
  }

  @Test("8-bit integers are codes, and every code has a word")
  func flags() throws {
    let bare = { try ResultVariable("r", .int8([0]), longName: "r") }
    #expect(
      reason { _ = try bare() }
        == .unusableAttribute(name: "flag_values", expected: "the codes of the categories"))
    let flags = { (code: Int8, meanings: [String]) in
      try ResultVariable.flags("r", dimensions: [], [code], meanings: meanings, longName: "r")
    }
    #expect(
      reason { _ = try flags(2, ["a", "b"]) }
        == .unusableAttribute(name: "flag_values", expected: "a list with 2"))
    #expect(
      reason { _ = try flags(0, ["a b"]) }
        == .unusableAttribute(name: "flag_meanings", expected: "1 words"))
  }

  @Test("Coordinates are labels of the same group along the variable")
  func coordinates() throws {
    let attributes = [ResultAttribute("coordinates", .text("layer"))]
    let error = reason {
      _ = try ResultGroup(
        "g",
        variables: [
          scale(1),
          ResultVariable(
            "y", dimensions: ["x"], .float64([1]), longName: "y", attributes: attributes),
        ])
    }
    #expect(
      error
        == .unusableAttribute(
          name: "coordinates", expected: "labels along the variable, not 'layer'"))
  }
}
