import Reports
import Testing

@Suite struct TerminalTableTests {
  private let table = ReportTable(
    rowCount: 3,
    columns: [
      .init(
        "tensor", heading: "tensor",
        .text(["transformer.h.10.attn.c_attn.weight", "wte.weight", "ln_f.bias"])),
      .init("distance", heading: "rms", .real([0.5, 12.25, .nan])),
      .init("hidden", .integer([1, 2, 3])),
      .init("numel", heading: "values", .integer([7, nil, 1_000_000])),
    ])

  @Test("Text is flush left, numbers flush right, and columns without heading are not shown")
  func layout() {
    #expect(
      TerminalTable(table).lines(width: 100) == [
        "tensor                                  rms   values",
        "transformer.h.10.attn.c_attn.weight  0.5000        7",
        "wte.weight                            12.25",
        "ln_f.bias                               NaN  1000000",
      ])
  }

  @Test("The first column gives way, but for its end, where names differ")
  func elision() {
    // 49 characters less two gaps, 6 and 7 for the numbers leave 32 for the name.
    #expect(
      TerminalTable(table).lines(width: 49) == [
        "tensor                               rms   values",
        "transfo….h.10.attn.c_attn.weight  0.5000        7",
        "wte.weight                         12.25",
        "ln_f.bias                            NaN  1000000",
      ])
  }

  @Test("No line is wider than asked for", arguments: [26, 30, 36, 40, 51, 52, 80])
  func width(width: Int) {
    let lines = TerminalTable(table).lines(width: width)
    #expect(lines.count == (width < 49 ? 5 : 4))
    #expect(lines.allSatisfy { $0.count <= width })
  }

  @Test("What does not fit falls away from the right, the first column stays, and a line says so")
  func narrow() {
    let lines = TerminalTable(table).lines(width: 40)
    #expect(lines[0].split(separator: " ") == ["tensor", "rms"])
    #expect(lines[4] == "(--csv also has values)")
    #expect(TerminalTable(table).lines(width: 16)[0] == "tensor")
  }

  @Test("Hostile names are printed as their numbers, and the columns still align")
  func hostileNames() {
    let lines = TerminalTable(
      ReportTable(
        rowCount: 2,
        columns: [
          .init("a", heading: "a", .text(["x\u{1B}[2Jy", "\u{202E}"])),
          .init("b", heading: "b", .integer([1, 2])),
        ])
    ).lines(width: 80)
    #expect(lines == ["a            b", "x\\u{1B}[2Jy  1", "\\u{202E}     2"])
  }

  @Test("Names are cut by characters, whatever bytes they take")
  func accents() {
    let names = ["d\u{E9}codeur", "de\u{301}codeur", "decodeur"].map { name in
      name + ".couches.10.auto-attention.poids"
    }
    let lines = TerminalTable(
      ReportTable(
        rowCount: 3,
        columns: [
          .init("a", heading: "a", .text(names)), .init("b", heading: "b", .integer([1, 2, 3])),
        ])
    ).lines(width: 35)
    // 35 characters less a gap and a digit leave 32: 7 at the front, 24 at the end.
    #expect(
      lines.dropFirst() == [
        "d\u{E9}codeu….10.auto-attention.poids  1",
        "de\u{301}codeu….10.auto-attention.poids  2",
        "decodeu….10.auto-attention.poids  3",
      ])
  }

  @Test("No rows leave the headings, and no headings leave nothing")
  func empty() {
    let none = ReportTable(rowCount: 0, columns: [.init("a", heading: "name", .text([]))])
    #expect(TerminalTable(none).lines(width: 80) == ["name"])
    let hidden = ReportTable(rowCount: 2, columns: [.init("a", .text(["x", "y"]))])
    #expect(TerminalTable(hidden).lines(width: 80) == [])
  }
}
