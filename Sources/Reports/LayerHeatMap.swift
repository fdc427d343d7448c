import Geometry
import Glibc

/// How alike layers of two models are, as shades: −log10 p, layers of A down and of B across.
struct LayerHeatMap {
  private let map: LayerMap

  private static let mostLayers = 160

  init(_ map: LayerMap) { self.map = map }

  /// The legend and a line for each layer of A, or none if there is nothing to be seen or too much.
  var lines: [String] {
    let heights = map.logRankBounds.map { bound in
      bound > map.logChance ? 0 : -bound / log(10)
    }
    guard let shades = LogarithmicShades(heights), let last = map.layersOfB.last,
      max(map.layersOfA.count, map.layersOfB.count) <= LayerHeatMap.mostLayers
    else { return [] }
    let width = map.layersOfA.reduce(0) { max($0, String($1).count) }
    let columns = map.layersOfB.count
    return [
      "            -log10 p of layers of A (down) and of B (across, \(map.layersOfB[0]) to "
        + "\(last)), \(map.rows) units of each:",
      "            \(shades.legend), · as chance has it, blank if units differ in shape",
    ]
      + map.layersOfA.enumerated().map { row, layer in
        let cells = heights[row * columns..<(row + 1) * columns].map {
          $0.isNaN ? " " : shades.shade($0)
        }
        let label = String(layer)
        return String(repeating: " ", count: 12 + width - label.count) + label + " "
          + String(cells)
      }
  }
}
