import Checkpoints
import Tensors

/// What one pass over a tensor of n elements tells of it.
///
/// Mean, spread, least and greatest are those of the finite elements; the norm is what IEEE
/// arithmetic makes of all.
public struct TensorStatistics: Hashable, Sendable {
  /// Elements, n.
  public internal(set) var count = 0
  /// Elements that are zero of either sign.
  public internal(set) var zeros = 0
  /// Elements that are NaN.
  public internal(set) var nan = 0
  /// Elements that are infinite.
  public internal(set) var infinite = 0
  /// The least finite element; NaN if there is none.
  public internal(set) var least = Double.nan
  /// The greatest finite element; NaN if there is none.
  public internal(set) var greatest = Double.nan
  private var finite = 0
  private var squaredSum = CompensatedSum()
  private var centre = 0.0
  private var scatter = 0.0
  private var cubes = 0.0
  private var fourths = 0.0

  /// The result over no elements.
  public init() {}

  /// ‖A‖₂.
  public var norm: Double { squaredSum.value.squareRoot() }
  /// Mean of the finite elements; NaN if there is none.
  public var mean: Double { finite > 0 ? centre : .nan }
  /// Standard deviation of the finite elements, dividing by their number; NaN if there is none.
  public var standardDeviation: Double {
    finite > 0 ? (scatter / Double(finite)).squareRoot() : .nan
  }
  /// Excess kurtosis of the finite elements, 0 for a normal distribution:
  ///
  ///     n Σ (A − mean)⁴ / (Σ (A − mean)²)² − 3
  ///
  /// NaN if all are equal or there is none.
  public var excessKurtosis: Double {
    scatter > 0 ? Double(finite) * fourths / scatter / scatter - 3 : .nan
  }

  /// Adds a block: its mean first, then the squares about it.
  mutating func add(_ block: Elements) {
    var part = TensorStatistics()
    var (sum, squares) = (CompensatedSum(), CompensatedSum())
    for index in 0..<block.count {
      let value = block.value(at: index)
      squares += value * value
      part.tally(value)
      if value.isFinite { sum += value }
    }
    part.count = block.count
    part.squaredSum = squares
    part.centre = part.finite > 0 ? sum.value / Double(part.finite) : 0
    for index in 0..<block.count where block.value(at: index).isFinite {
      let deviation = block.value(at: index) - part.centre
      let square = deviation * deviation
      part.scatter += square
      part.cubes += square * deviation
      part.fourths += square * square
    }
    merge(part)
  }

  private mutating func tally(_ value: Double) {
    zeros += value == 0 ? 1 : 0
    nan += value.isNaN ? 1 : 0
    infinite += value.isInfinite ? 1 : 0
    guard value.isFinite else { return }
    finite += 1
    least = least <= value ? least : value
    greatest = greatest >= value ? greatest : value
  }
}

extension TensorStatistics: Mergeable {
  /// Takes in the result over later elements.
  ///
  /// Source: Chan, Golub & LeVeque 1983, "Algorithms for Computing the Sample Variance", for the
  /// squares about the common mean; Pébay 2008, "Formulas for Robust, One-Pass Parallel
  /// Computation of Covariances and Arbitrary-Order Statistical Moments", for higher powers.
  ///
  /// - Parameter later: what comes after.
  public mutating func merge(_ later: TensorStatistics) {
    let total = finite + later.finite
    if later.finite > 0 {
      let (weight, step) = (Double(later.finite) / Double(total), later.centre - centre)
      mergePowers(later, step: step)
      scatter += later.scatter + step * (step * weight * Double(finite))
      centre += step * weight
      least = least <= later.least ? least : later.least
      greatest = greatest >= later.greatest ? greatest : later.greatest
    }
    finite = total
    count += later.count
    zeros += later.zeros
    nan += later.nan
    infinite += later.infinite
    squaredSum += later.squaredSum
  }

  /// Third and fourth powers about the common mean, from those about both means.
  private mutating func mergePowers(_ later: TensorStatistics, step: Double) {
    guard finite > 0 else {
      (cubes, fourths) = (later.cubes, later.fourths)
      return
    }
    let (n, m) = (Double(finite), Double(later.finite))
    let (p, q) = (n / (n + m), m / (n + m))
    fourths +=
      later.fourths + n * q * (p * p - p * q + q * q) * (step * step * step * step)
      + 6 * step * step * (p * p * later.scatter + q * q * scatter)
      + 4 * step * (p * later.cubes - q * cubes)
    cubes +=
      later.cubes + n * q * (p - q) * (step * step * step)
      + 3 * step * (p * later.scatter - q * scatter)
  }
}

/// Statistics of every tensor, in one pass over the files.
///
/// - Parameters:
///   - records: the tensors.
///   - resources: how much of the machine to use.
/// - Returns: one for each tensor.
/// - Throws: `CheckpointError` if a file cannot be read to its end.
public func statistics(
  of records: [TensorRecord], using resources: WalkResources
) throws -> [TensorStatistics] {
  let readers = records.map { ElementReader($0) }
  let block = TensorDifference.blockLength
  return try ChunkedReduction(elementCounts: records.map(\.shape.elementCount)).run(
    threads: resources.threads, empty: records.map { _ in TensorStatistics() },
    scratchByteCount: readers.map { $0.scratchByteCount(elements: block) }.max() ?? 0
  ) { item, elements, scratch in
    var part = TensorStatistics()
    for first in stride(from: elements.lowerBound, to: elements.upperBound, by: block) {
      let range = first..<min(first + block, elements.upperBound)
      let bytes = try readers[item].bytes(of: range, scratch: scratch)
      part.add(Elements(records[item].dtype, bytes))
    }
    return part
  }
}
