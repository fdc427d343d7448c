import HDF5

/// A small result with every feature of the schema.
enum Example {
  static func file(command: String = "transect norms a.safetensors b.safetensors") throws
    -> ResultFile
  {
    try ResultFile(
      attributes: [
        ResultAttribute("Conventions", .text("CF-1.11 ACDD-1.3")),
        ResultAttribute("title", .text("Differences of two checkpoints, \u{3B8}\u{2212}")),
        ResultAttribute("schema_version", .int32(1)),
        ResultAttribute("default", .text("path")),
        ResultAttribute("complete", .int32(1)),
      ],
      groups: [provenance(command: command), norms(), path()])
  }

  static func provenance(
    command: String, recordsPaths: Int32 = 0, path: String = "a.safetensors"
  ) throws -> ResultGroup {
    try ResultGroup(
      "provenance",
      attributes: [
        ResultAttribute("command", .text(command)),
        ResultAttribute("paths_recorded", .int32(recordsPaths)),
        ResultAttribute("options", .texts(["--threads", "2"])),
        ResultAttribute("limits", .float64s([0.5, .infinity])),
        ResultAttribute("note", .text("")),
      ],
      variables: [
        ResultVariable("input", dimensions: ["input"], .text(["a", "b"]), longName: "input"),
        ResultVariable(
          "path", dimensions: ["input"], .text([path, "b.safetensors"]), longName: "file"),
        ResultVariable(
          "bytes", dimensions: ["input"], .int64([1 << 40, 12]), longName: "size of the file",
          units: "byte"),
      ])
  }

  static func norms(tensors: [String] = ["wte", "h.0.attn", "h.1.attn"]) throws -> ResultGroup {
    let count = tensors.count
    let differences = (0..<2 * count).map { $0 == 1 ? .nan : Double($0) / 3 }
    return try ResultGroup(
      "norms",
      attributes: [
        ResultAttribute("kind", .text("norms")), ResultAttribute("epsilon", .float64(1e-12)),
      ],
      variables: [
        ResultVariable("tensor", dimensions: ["tensor"], .text(tensors), longName: "tensor"),
        ResultVariable(
          "pair", dimensions: ["pair"], .text(["pre\u{2192}pos", "pre\u{2192}neg"]),
          longName: "pair of checkpoints"),
        ResultVariable(
          "layer", dimensions: ["tensor"], .int32(tensors.indices.map { Int32($0) - 1 }),
          longName: "layer, -1 if none"),
        ResultVariable(
          "module", dimensions: ["tensor"], .text(tensors.map { _ in "" }), longName: "module"),
        .flags(
          "role", dimensions: ["tensor"], tensors.indices.map { $0 == 0 ? 2 : 1 },
          meanings: ["matrix", "vector", "embedding"], longName: "kind of the tensor"),
        ResultVariable(
          "diff_scaled", dimensions: ["pair", "tensor"], .float64(differences),
          longName: "root mean square of the difference",
          attributes: [ResultAttribute("coordinates", .text("layer module role"))]),
        ResultVariable("n_shared", .int64([7]), longName: "tensors in both checkpoints"),
      ])
  }

  static func path() throws -> ResultGroup {
    let alphas = (0...4).map { Double($0) / 4 }
    return try ResultGroup(
      "path",
      attributes: [
        ResultAttribute("NX_class", .text("NXdata")), ResultAttribute("signal", .text("nll")),
        ResultAttribute("axes", .texts(["alpha"])),
      ],
      variables: [
        ResultVariable(
          "alpha", dimensions: ["alpha"], .float64(alphas), longName: "coefficient of theta+"),
        ResultVariable(
          "nll", dimensions: ["alpha"], .float64(alphas.map { 3 + $0 * (1 - $0) }),
          longName: "negative log-likelihood", units: "nat/token"),
        ResultVariable("barrier", .float64([0.25]), longName: "barrier", units: "nat/token"),
      ])
  }
}
