/// Which tokens may come next, and how likely each is made.
///
///     w[i] = exp((z[i] − max z) / temperature)
///
/// Of the tokens in descending order of w, equal ones in the order of ids, the first `topK` stay;
/// of those, the fewest first ones that hold `topP` of their total. One that stays is drawn with
/// probability w over the total of those that stay.
///
/// Where another model's logits filter, they choose the tokens that stay, at temperature 1; w comes
/// from the logits at hand alone.
///
/// Source: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", section 3.1, and
/// Fan et al. 2018, "Hierarchical Neural Story Generation", section 5.4, for `topK`;
/// Liu et al. 2021, "DExperts: Decoding-Time Controlled Text Generation with Experts and
/// Anti-Experts", section 2.2, for the filter.
public struct SamplingRule: Hashable, Codable, Sendable {
  /// Divides logits; 0 leaves only the likeliest token.
  public let temperature: Double
  /// The most tokens that stay, or `nil` for no limit.
  public let topK: Int?
  /// The share of the total that stays, 0 to 1; 0 leaves only the likeliest token, 1 leaves all.
  public let topP: Double

  /// The likeliest token, always.
  public static let greedy = SamplingRule(temperature: 1, topP: 0)

  /// Creates a rule.
  ///
  /// - Parameters:
  ///   - temperature: finite, not negative.
  ///   - topK: at least 1, or `nil`.
  ///   - topP: 0 to 1.
  public init(temperature: Double = 1, topK: Int? = nil, topP: Double) {
    precondition(temperature >= 0 && temperature.isFinite && 0...1 ~= topP && topK ?? 1 >= 1)
    (self.temperature, self.topK, self.topP) = (temperature, topK, topP)
  }

  /// Whether only the likeliest token stays.
  public var isGreedy: Bool { temperature == 0 || topP == 0 || topK == 1 }
}
