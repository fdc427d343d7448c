import Geometry
import Tensors

/// Distances as shades, kinds of tensors down and layers across, all comparisons on one
/// logarithmic scale: the paper's Figure 9 for a terminal.
public struct HeatStrip {
  private let kinds: [String]
  private let layers: [Int]
  private let strips: [(label: String, cells: [Cell: Double])]
  private let shades: LogarithmicShades?
  private let scale: NormScale

  private struct Cell: Hashable {
    let kind: String
    let layer: Int
  }

  private static let mostLayers = 160
  private static let mostKinds = 64

  /// Arranges the tensors of layers; tensors outside layers are left out.
  ///
  /// - Parameters:
  ///   - report: the distances.
  ///   - scale: how they are scaled.
  public init(_ report: NormsReport, scale: NormScale) {
    let (kinds, layers) = HeatStrip.axes(of: report)
    let isReadable = kinds.count <= HeatStrip.mostKinds && layers.count <= HeatStrip.mostLayers
    strips = isReadable ? report.comparisons.map { ($0.label, HeatStrip.cells(of: $0, scale)) } : []
    shades = LogarithmicShades(strips.flatMap(\.cells.values))
    (self.kinds, self.layers, self.scale) = (kinds, layers.sorted(), scale)
  }

  /// The kinds and layers there are; not all of them where there are too many to be shown.
  private static func axes(of report: NormsReport) -> (kinds: [String], layers: Set<Int>) {
    var (kinds, known, layers) = ([String](), Set<String>(), Set<Int>())
    for name in report.comparisons.lazy.flatMap(\.pairing.pairs).map(\.name) {
      guard let layer = name.layer else { continue }
      if known.insert(name.kind).inserted { kinds.append(name.kind) }
      layers.insert(layer)
      if kinds.count > mostKinds || layers.count > mostLayers { break }
    }
    return (kinds, layers)
  }

  private static func cells(
    of comparison: NormsReport.Comparison, _ scale: NormScale
  ) -> [Cell: Double] {
    var groups: [Cell: TensorDifference] = [:]
    for (pair, difference) in zip(comparison.pairing.pairs, comparison.differences) {
      guard let layer = pair.name.layer else { continue }
      groups[Cell(kind: pair.name.kind, layer: layer), default: .init()].merge(difference)
    }
    return groups.mapValues { scale.distance($0) }
  }

  /// The lines, or none if no tensor belongs to a layer or there are too many to be read.
  ///
  /// - Parameter width: characters; comparisons that do not fit beside each other go below.
  /// - Returns: a legend, then rows of shades.
  public func lines(width: Int) -> [String] {
    guard let shades else { return [] }
    let labelWidth = kinds.reduce(0) { max($0, min($1.count, 24)) }
    let stripWidth = max(layers.count, strips.reduce(0) { max($0, $1.label.count) })
    let perRow = max((width - labelWidth) / (stripWidth + 2), 1)
    var lines = [
      "\(scale.rawValue) by kind (down) and layer (across): \(shades.legend), · is 0"
    ]
    for first in stride(from: 0, to: strips.count, by: perRow) {
      let group = strips[first..<min(first + perRow, strips.count)]
      lines.append(padded("", labelWidth) + row(group.map(\.label), stripWidth))
      for kind in kinds {
        let cells = group.map { strip in
          layers.map { layer in
            strip.cells[Cell(kind: kind, layer: layer)].map(shades.shade) ?? " "
          }
        }
        lines.append(padded(kind, labelWidth) + row(cells.map { String($0) }, stripWidth))
      }
    }
    return lines
  }

  private func row(_ cells: [String], _ width: Int) -> String {
    cells.map { "  " + padded($0, width) }.joined().withoutTrailingBlanks
  }

  private func padded(_ text: String, _ width: Int) -> String {
    let cut = text.escapedForTerminal.elidedInMiddle(to: width)
    return cut + String(repeating: " ", count: max(width - cut.count, 0))
  }
}
