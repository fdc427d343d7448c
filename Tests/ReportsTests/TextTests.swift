import Reports
import Testing

@Suite struct TextTests {
  @Test(
    "Four significant digits, rounded to nearest",
    arguments: [
      (0, "0"), (1, "1.000"), (0.0123456, "0.01235"), (9999.6, "10000"), (123456, "123500"),
      (1234567, "1.235e+06"), (0.00001234, "1.234e-05"), (-0.5, "-0.5000"), (1e-300, "1.000e-300"),
      (.nan, "NaN"), (-.infinity, "-Inf"), (0.99996, "1.000"),
    ] as [(Double, String)])
  func brief(value: Double, expected: String) {
    #expect(value.brief == expected)
  }

  @Test("Digits in groups of three")
  func grouped() {
    #expect([0, 999, 1000, -1_234_567].map(\.grouped) == ["0", "999", "1,000", "-1,234,567"])
  }

  private let table = ReportTable(
    rowCount: 2,
    columns: [
      .init("name", heading: "name", .text(["=1+1", "a \"b\", c"])),
      .init("value", heading: "value", .real([.nan, 0.1])),
      .init("count", .integer([nil, 3])),
    ])

  @Test("Values that a spreadsheet would run are defused; quotes are doubled")
  func csv() {
    #expect(
      commaSeparatedLines(table) == ["name,value,count", "'=1+1,,", "\"a \"\"b\"\", c\",0.1,3"])
  }

  @Test("What is no number is null")
  func json() {
    #expect(
      jsonLines(table, kind: "row")[0]
        == #"{"kind":"row","name":"=1+1","value":null,"count":null}"#)
    #expect(jsonString("a\u{1B}\"\\\n") == #""a\u001b\"\\\u000a""#)
  }

  @Test("Lines keep to the width, and long names lose their middle", arguments: [30, 40, 80])
  func width(width: Int) {
    let name = "encoder.layer.11.attention.output.LayerNorm.weight"
    let wide = ReportTable(
      rowCount: 1,
      columns: [
        .init("tensor", heading: "tensor", .text([name])),
        .init("rms", heading: "rms", .real([0.5])), .init("b", heading: "b", .real([1])),
      ])
    let lines = TerminalTable(wide).lines(width: width)
    #expect(lines.allSatisfy { $0.count <= width })
    #expect(lines[1].contains("…") == (width < 66))
  }
}
