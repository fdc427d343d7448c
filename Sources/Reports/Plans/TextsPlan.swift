import Evaluation
import Generation
import HDF5
import JSON

/// What the result of `generate` is made from besides texts.
public struct TextsPlan: Codable, Sendable {
  let prompts: [String]
  /// Texts after each prompt, at each point.
  let textsOfPrompt: Int
  let points: [SamplesResult.Point]
  let axes: [String]
  let setting: SamplesResult.Setting

  /// Describes texts.
  ///
  /// - Parameters:
  ///   - prompts: as they are reported.
  ///   - textsOfPrompt: texts after each prompt, at each point.
  ///   - points: where models are.
  ///   - axes: what the numbers of a place are called.
  ///   - setting: what all texts have in common.
  public init(
    prompts: [String], textsOfPrompt: Int, points: [SamplesResult.Point], axes: [String],
    setting: SamplesResult.Setting
  ) {
    (self.prompts, self.textsOfPrompt, self.points) = (prompts, textsOfPrompt, points)
    (self.axes, self.setting) = (axes, setting)
  }

  /// Texts after one prompt at one point, which are a row.
  public struct Part: Hashable, Sendable {
    /// The number of the point.
    public let point: Int
    /// Which of its texts.
    public let block: TextBlock
  }

  /// All texts, point by point.
  public var parts: [Part] {
    let blocks = GenerationSweep.blocks(
      promptCount: prompts.count, textsOfPrompt: textsOfPrompt)
    return points.indices.flatMap { point in blocks.map { Part(point: point, block: $0) } }
  }

  /// The coefficients of a part's model.
  ///
  /// - Parameter part: one of ``parts``.
  /// - Returns: one for each checkpoint.
  public func coefficients(of part: Part) -> [Double] { points[part.point].coefficients }

  /// The key of the row that says how texts read.
  ///
  /// - Parameter part: the texts.
  /// - Returns: text that no key of another row has.
  public func key(of part: Part) -> String {
    let place = coefficients(of: part).map { "\($0 == 0 ? 0 : $0)" }.joined(separator: ",")
    return "readings \(part.block.prompt) \(part.block.samples) \(place)"
  }

  /// The row that says how texts read.
  ///
  /// - Parameter rows: the texts.
  /// - Returns: JSON.
  /// - Throws: nothing for such values.
  public static func json(_ rows: [SamplesResult.Row]) throws -> String {
    try jsonText(rows.map(\.text))
  }

  /// Whether texts are there, and how they read.
  ///
  /// - Parameters:
  ///   - part: the texts.
  ///   - rows: of journals.
  /// - Returns: whether nothing is missing.
  public func isDone(_ part: Part, in rows: [String: String]) -> Bool {
    found(part, in: rows) != nil
  }

  private func found(_ part: Part, in rows: [String: String]) -> [SamplesResult.Row]? {
    guard
      let texts = FinishedRows(rows).texts(in: part.block, at: coefficients(of: part)),
      let readings = rows[key(of: part)].flatMap({ try? decoded([String].self, from: $0) }),
      readings.count == texts.count
    else { return nil }
    return zip(texts, readings).map {
      .init(point: part.point, prompt: prompts[part.block.prompt], text: $1, generated: $0)
    }
  }
}

extension TextsPlan: RowPlan {
  var fault: String? {
    guard !points.isEmpty,
      points.allSatisfy({
        $0.place.count == axes.count && $0.coefficients.count == setting.checkpoints.count
      })
    else { return "has no points, or points of other checkpoints" }
    return WritingPlan.fault(
      promptCount: prompts.count, textsOfPrompt: textsOfPrompt, pointCount: points.count)
      ?? setting.fault
  }

  func merged(_ rows: [String: String]) throws -> MergedGroups {
    let parts = self.parts
    let texts = parts.map { found($0, in: rows) }
    let missing = zip(parts, texts).filter { $1 == nil }.map(\.0)
    let result = SamplesResult(
      texts.flatMap { $0 ?? [] }, at: points, along: axes, setting,
      pending: Set(missing.map(\.point)))
    return MergedGroups(
      groups: try result.groups(), rowCount: parts.count, pending: missing.map(name))
  }

  private func name(of part: Part) -> String {
    let place = zip(axes, points[part.point].place).map { "\($0) \($1), " }.joined()
    return "\(place)prompt \(part.block.prompt), texts \(part.block.samples.lowerBound) to "
      + "\(part.block.samples.upperBound - 1)"
  }
}

extension SamplesResult.Setting {
  /// What is wrong with a setting that was read back.
  var fault: String? {
    guard case .logits(let filter?) = combination, !checkpoints.indices.contains(filter) else {
      return checkpoints.isEmpty ? "has no checkpoints" : nil
    }
    return "has a filter that is none of its checkpoints"
  }
}
