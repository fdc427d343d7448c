import Geometry
import HDF5
import Reports
import TestSupport
import Testing

@Suite struct OriginResultTests {
  private func values(_ groups: [ResultGroup], _ name: String) -> ResultValues? {
    groups.lazy.flatMap(\.variables).first { $0.name == name }?.values
  }

  @Test(
    "The groups keep every rule of the schema whatever was found, and equal findings give equal bytes",
    arguments: OriginSample.allCases)
  func image(sample: OriginSample) throws {
    let images = try (0..<2).map { _ in
      try ResultFile(groups: sample.report().groups()).checkedImage()
    }
    #expect(images[0] == images[1])
  }

  @Test("Ranks are stored with their groups, so that bounds can be computed again")
  func ranks() throws {
    let report = try OriginSample.aligned.report()
    let groups = try report.groups()
    let evidence = report.finding.stages.flatMap(\.evidence)
    #expect(values(groups, "unit_rank") == .int64(evidence.flatMap(\.ranks).map { Int64($0) }))
    let owners = evidence.enumerated().flatMap { index, group in
      group.ranks.map { _ in Int64(index) }
    }
    #expect(values(groups, "group_of_unit") == .int64(owners))
    guard case .text(let names) = values(groups, "unit_group") else {
      Issue.record("unit_group holds no text")
      return
    }
    #expect(names.prefix(2) == ["res", "mlp.0"])
    #expect(names.last == "qk.1 (residual alignment)")
    #expect(Set(names).count == names.count)
    // Bins of 1 to 64 units: [0, 1), [1, 2), [2, 4), …, [32, 64).
    #expect(values(groups, "rank_bin") == .int64([1, 2, 4, 8, 16, 32, 64]))
  }

  @Test("Scalars are those of the verdict")
  func scalars() throws {
    let report = try OriginSample.unused.report()
    let groups = try report.groups()
    #expect(values(groups, "ln_p_cert") == .float64([report.finding.logCertified]))
    #expect(values(groups, "stages_planned") == .int64([3]))
    #expect(values(groups, "two_view") == .int64([-1]))
    #expect(try values(OriginSample.similar.report().groups(), "two_view") == .int64([128]))
  }

  @Test("The map of layers is a grid")
  func layerMap() throws {
    let groups = try OriginSample.mapped.report().groups()
    #expect(values(groups, "layer_a") == .int32([0, 1]))
    #expect(values(groups, "map_layer") == .int32([0, 1]))
    guard case .float64(let bounds) = values(groups, "map_ln_p") else {
      Issue.record("map_ln_p holds no doubles")
      return
    }
    #expect(bounds.count == 4 && bounds[0] < -100 && bounds[1] > -5)
  }
}
