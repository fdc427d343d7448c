import Testing

@testable import HDF5

@Suite struct StoredFormTests {
  private let groups: [String: StoredResult.Group] = [
    "": .init(attributes: ["title": .text(["é"]), "version": .int32([1])]),
    "things": .init(
      attributes: ["codes": .int8([1, -1])],
      variables: [
        "size": .init(extents: [2, 1], values: .float64([1.5, -0.0])),
        "number": .init(extents: [], values: .int64([.min])),
        "none": .init(extents: [0], values: .text([])),
      ]),
  ]

  @Test("What one process tells, the other understands")
  func roundTrip() throws {
    let found = try #require(try StoredForm.groups(in: StoredForm.content(groups)))
    #expect(found.keys.sorted() == ["", "things"])
    for (name, group) in groups {
      #expect(found[name]?.attributes == group.attributes)
      for (variable, expected) in group.variables {
        #expect(found[name]?.variables[variable]?.extents == expected.extents)
        #expect(found[name]?.variables[variable]?.values == expected.values)
      }
    }
  }

  @Test("A refusal keeps its reason")
  func refusal() throws {
    let error = try #require(throws: HDF5Error.self) {
      _ = try StoredForm.groups(in: StoredForm.refusal("is no HDF5 file"))
    }
    #expect(error.reason == .foreignFile("is no HDF5 file"))
  }

  @Test("An answer that is cut off anywhere, or goes on after its end, is none")
  func cut() throws {
    for answer in [StoredForm.content(groups), StoredForm.refusal("why")] {
      for length in answer.indices {
        #expect(try StoredForm.groups(in: Array(answer.prefix(length))) == nil)
      }
    }
    #expect(try StoredForm.groups(in: StoredForm.content(groups) + [0]) == nil)
  }

  @Test("Any changed byte gives another answer or none, and nothing else happens")
  func mutations() {
    let answer = StoredForm.content(groups)
    for place in answer.indices {
      for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        var changed = answer
        changed[place] = value
        for group in ((try? StoredForm.groups(in: changed)) ?? [:]).values {
          for variable in group.variables.values {
            #expect(variable.extents.reduce(1, *) == variable.values.count)
          }
        }
      }
    }
  }
}
