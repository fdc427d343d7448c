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
    var (kinds, known, layers) = ([String](), Set<String>(), Set<Int>())
    strips = report.comparisons.map { comparison in
      var groups: [Cell: TensorDifference] = [:]
      for (pair, difference) in zip(comparison.pairing.pairs, comparison.differences) {
        guard let layer = pair.name.layer else { continue }
        if known.insert(pair.name.kind).inserted { kinds.append(pair.name.kind) }
        layers.insert(layer)
        groups[Cell(kind: pair.name.kind, layer: layer), default: .init()].merge(difference)
      }
      return (comparison.label, groups.mapValues { scale.distance($0) })
    }
    shades = LogarithmicShades(strips.flatMap(\.cells.values))
    (self.kinds, self.layers, self.scale) = (kinds, layers.sorted(), scale)
  }

  /// The lines, or none if no tensor belongs to a layer or there are too many to be read.
  ///
  /// - Parameter width: characters; comparisons that do not fit beside each other go below.
  /// - Returns: a legend, then rows of shades.
  public func lines(width: Int) -> [String] {
    guard let shades, !layers.isEmpty, layers.count <= HeatStrip.mostLayers,
      kinds.count <= HeatStrip.mostKinds
    else { return [] }
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
