import CHDF5
import Testing

@testable import HDF5

/// A way to break a good file, and what the checker must then say.
struct Breakage: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let expected: [String]
  let body: @Sendable (hid_t) throws -> Void

  init(_ name: String, expect: String..., by body: @escaping @Sendable (hid_t) throws -> Void) {
    (testDescription, expected, self.body) = (name, expect, body)
  }

  /// The violations of the example file after it was broken.
  func violations() throws -> [String] {
    let file = try FileImage.open(Example.file().image(), writable: true)
    try body(file.id)
    return try ResultFileChecker.violations(inImage: FileImage.bytes(of: file))
  }
}

@Suite struct ResultFileCheckerTests {
  @Test("Each rule finds its breach, and says nothing else", arguments: exact)
  func exactViolations(of breakage: Breakage) throws {
    #expect(try breakage.violations() == breakage.expected)
  }

  @Test("A foreign dataset is named with what is wrong with it", arguments: partial)
  func partialViolations(of breakage: Breakage) throws {
    let violations = try breakage.violations()
    for line in breakage.expected { #expect(violations.contains(line)) }
  }

  @Test("The error of a broken result lists the violations")
  func checkedImage() throws {
    let file = try Example.file(command: "transect norms /data/runs/a.pt")
    let error = #expect(throws: HDF5Error.self) { try file.checkedImage() }
    let line = "R11 /provenance: attribute 'command' tells the path '/data/runs/a.pt'"
    #expect(error?.reason == .violations([line]))
    #expect(error?.description == "1 broken rules: \(line)")
  }

  @Test("Recorded paths are allowed when the file says so")
  func recordedPaths() throws {
    let group = try Example.provenance(
      command: "transect norms /data/runs/a.pt", recordsPaths: 1, path: "/data/runs/a.pt")
    #expect(throws: Never.self) { try ResultFile(groups: [group]).checkedImage() }
  }

  @Test("What people or models wrote may look like a path")
  func language() throws {
    let texts = ResultValues.text(["/r/books is a place"])
    let plain = try ResultVariable("text", texts, longName: "t")
    let language = try ResultVariable(
      "text", texts, longName: "t", attributes: [ResultAttribute("content", .text("language"))])
    let violations = { variable in
      try ResultFileChecker.violations(
        inImage: ResultFile(groups: [ResultGroup("g", variables: [variable])]).image())
    }
    #expect(try violations(plain) == ["R11 /g/text: tells the path '/r/books'"])
    #expect(try violations(language) == [])
  }
}
