import Checkpoints
import Geometry
import HDF5
import Reports
import TestSupport
import Testing

@Suite struct NormsResultTests {
  private let sample: Sample

  init() throws { sample = try Sample() }

  private func values(_ group: ResultGroup, _ name: String) -> ResultValues? {
    group.variables.first { $0.name == name }?.values
  }

  @Test("The groups keep every rule of the schema, and equal reports give equal bytes")
  func image() throws {
    let first = try ResultFile(groups: sample.twoLayers().groups()).checkedImage()
    let second = try ResultFile(groups: sample.twoLayers().groups()).checkedImage()
    #expect(first == second)
    #expect(Array(first.prefix(8)) == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
  }

  @Test("Norms are a grid of comparisons by tensors")
  func grid() throws {
    let groups = try sample.twoLayers().groups()
    #expect(groups.map(\.name) == ["norms", "coverage"])
    #expect(groups[0].dimensions.map(\.name).sorted() == ["pair", "tensor"])
    #expect(values(groups[0], "pair") == .text(["base→near", "base→far"]))
    #expect(values(groups[0], "diff_scaled") == .float64([1, 2, 3, 4, 5, 3, 6, 9, 12, 15]))
    #expect(values(groups[0], "layer") == .int32([-1, 0, 0, 1, 1]))
    #expect(values(groups[0], "role") == .int8([2, 0, 1, 0, 1]))
    #expect(values(groups[0], "numel") == .int64([6, 6, 2, 6, 2, 6, 6, 2, 6, 2]))
    #expect(values(groups[0], "status") == .int8(Array(repeating: 0, count: 10)))
  }

  @Test("Where a comparison lacks a tensor, numbers are NaN, counts 0, and the status says so")
  func holes() throws {
    let report = try sample.report(
      [.init("a", [1], [1]), .init("b", [1], [1])],
      [("x", [.init("b", [1], [3])]), ("y", [.init("a", [1], [2]), .init("b", [1], [1])])])
    let norms = try report.groups()[0]
    #expect(values(norms, "tensor") == .text(["b", "a"]))
    #expect(values(norms, "status") == .int8([0, 1, 0, 0]))
    #expect(values(norms, "numel") == .int64([1, 0, 1, 1]))
    #expect(values(norms, "name_b") == .text(["b", "", "b", "a"]))
    guard case .float64(let distances) = values(norms, "diff_l2") else {
      Issue.record("diff_l2 holds no doubles")
      return
    }
    #expect(distances[0] == 2 && distances[1].isNaN && distances[2] == 0 && distances[3] == 1)
    _ = try ResultFile(groups: report.groups()).checkedImage()
  }

  @Test("Statuses are stored as codes, with words without blanks")
  func coverage() throws {
    let report = try sample.report(
      [.init("a", [1], [1]), .init("b", [1], [1])], [("x", [.init("a", [1], [1])])])
    let coverage = try report.groups()[1]
    #expect(values(coverage, "status") == .int8([0, 3]))
    let variable = try #require(coverage.variables.first { $0.name == "status" })
    #expect(
      variable.attributes.contains {
        $0
          == ResultAttribute(
            "flag_meanings",
            .text(
              "compared buffer tied only_in_base only_in_other shape_mismatch excluded "
                + "decomposed not_a_matrix not_in_all"))
      })
  }

  @Test("Odd names, NaN and tensors without elements keep the rules too")
  func oddities() throws {
    let tensors = [
      StoredTensor("", [1], [1]), .init("a\u{9B}\u{202E}", [1], [.nan]), .init("c", [0], []),
      .init("caf\u{E9}", [1], [.infinity]), .init("cafe\u{301}", [1], [0]), .init("s", [], [1]),
    ]
    let report = try sample.report(tensors.dropLast(), [("x", Array(tensors.dropFirst()))])
    _ = try ResultFile(groups: report.groups()).checkedImage()
  }

  @Test("Provenance names inputs by the last component of their paths unless told otherwise")
  func provenance() throws {
    let checkpoint = try sample.folder.checkpoint("base.safetensors", Sample.base)
    let parameters = try ParameterList(checkpoint)
    let digests = try parameters.digests(threads: 1)
    let input = Provenance.Input(
      label: "base", role: "base", path: checkpoint.path, parameters: parameters, digests: digests)
    for (recordsPaths, path) in [(false, "base.safetensors"), (true, checkpoint.path)] {
      let provenance = Provenance(
        command: "transect norms", inputs: [input], recordsPaths: recordsPaths)
      let group = try provenance.group()
      #expect(values(group, "path") == .text([path]))
      #expect(values(group, "n_params") == .int64([22]))
      #expect(values(group, "bytes") == .int64([88]))
      #expect(values(group, "parameter") == .text(digests.names.map(\.text)))
      #expect(values(group, "parameter_digest") == .text(digests.digests.map(\.description)))
      let file = try ResultFile(
        attributes: provenance.rootAttributes(title: "t", date: "1"), groups: [group])
      _ = try file.checkedImage()
    }
  }

  @Test("A date is recorded only if one is given")
  func date() {
    let provenance = Provenance(command: "transect norms", inputs: [], recordsPaths: false)
    func names(_ date: String?) -> [String] {
      provenance.rootAttributes(title: "t", date: date).map(\.name)
    }
    #expect(!names(nil).contains("date_created_epoch"))
    #expect(names("1700000000").contains("date_created_epoch"))
  }
}
