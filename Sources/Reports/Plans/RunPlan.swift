import HDF5
import JSON

/// What a result file is made from besides the rows of its run's journals: a row of its own, with
/// which every shard's journal begins.
public struct RunPlan: Codable, Sendable {
  /// What kind of run it is.
  public enum Content: Codable, Sendable {
    /// `path` and `plane`.
    case sweep(SweepPlan)
    /// `generate`.
    case texts(TextsPlan)
    /// `score`.
    case score(ScorePlan)
    /// `gram`.
    case gram(GramPlan)
    /// `norms`.
    case norms(NormsPlan)
  }

  /// What the file is about.
  public let title: String
  /// The inputs and the command.
  public let provenance: Provenance
  let content: Content

  /// Describes a run.
  ///
  /// - Parameters:
  ///   - title: what the file is about.
  ///   - provenance: the inputs and the command.
  ///   - content: what kind of run it is.
  public init(title: String, _ provenance: Provenance, _ content: Content) {
    (self.title, self.provenance, self.content) = (title, provenance, content)
  }

  /// Reads a plan back.
  ///
  /// - Parameter json: of a journal.
  /// - Throws: ``PlanFault`` if it is none.
  public init(json: String) throws {
    do {
      self = try decoded(RunPlan.self, from: json)
    } catch {
      throw PlanFault(detail: "has a plan of another version or kind")
    }
    if let fault = rowPlan.fault { throw PlanFault(detail: fault) }
  }

  private var rowPlan: any RowPlan {
    switch content {
    case .sweep(let plan): plan
    case .texts(let plan): plan
    case .score(let plan): plan
    case .gram(let plan): plan
    case .norms(let plan): plan
    }
  }

  /// Makes the groups of a result.
  ///
  /// - Parameter rows: of journals, JSON by key.
  /// - Returns: the groups, and what is missing.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func merged(_ rows: [String: String]) throws -> MergedGroups { try rowPlan.merged(rows) }
}

/// Why a plan cannot be used.
public struct PlanFault: Error, Hashable, Sendable {
  /// A clause whose subject is the journal.
  public let detail: String
}

/// The groups of a result made from journals, and which rows they lack.
public struct MergedGroups: Sendable {
  /// The groups, but for `/provenance`.
  public let groups: [ResultGroup]
  /// How many rows a whole result has.
  public let rowCount: Int
  /// What is missing, in words.
  public let pending: [String]
}

/// A kind of run whose result is made from rows.
protocol RowPlan {
  /// What is wrong with a plan that was read back.
  var fault: String? { get }

  /// Makes the groups of a result.
  ///
  /// - Parameter rows: JSON by key.
  /// - Returns: the groups, and what is missing.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  func merged(_ rows: [String: String]) throws -> MergedGroups
}
