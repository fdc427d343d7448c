/// Which shard a process is of, as whatever started it tells by environment variables.
///
/// In the order in which they are asked:
///
/// | started by | variables |
/// |---|---|
/// | anybody | `TRANSECT_SHARD`, k/n |
/// | a Slurm job array | `SLURM_ARRAY_TASK_ID`, `_MIN`, `_MAX`, `_STEP`, `_COUNT`, times one of those below |
/// | Open MPI | `OMPI_COMM_WORLD_RANK`, `OMPI_COMM_WORLD_SIZE` |
/// | MPICH, Intel MPI | `PMI_RANK`, `PMI_SIZE` |
/// | srun | `SLURM_PROCID`, `SLURM_STEP_NUM_TASKS` |
/// | torchrun and its like | `RANK`, `WORLD_SIZE` |
///
/// In a job array every task has a `SLURM_PROCID` of 0, so the array comes first. A batch script has
/// a `SLURM_NTASKS` and a `SLURM_PROCID` of its own although it is one process; only a step that srun
/// began has `SLURM_STEP_NUM_TASKS`. The daemons of mpirun are such a step on several nodes, and
/// hand its variables on to every process, so MPI comes before srun.
///
/// Source: sbatch(1) and srun(1) of Slurm 22.05, mpirun(1) of Open MPI 4.1, torchrun of PyTorch 2.
public struct ShardEnvironment: Hashable, Sendable {
  /// The shard; a whole run is 1/1.
  public let shard: Shard
  /// Which variables told it.
  public let source: String

  /// Why variables name no shard.
  public struct Fault: Error, Hashable, Sendable {
    /// A sentence about the variables.
    public let detail: String
  }

  private init(_ shard: Shard, _ source: String) { (self.shard, self.source) = (shard, source) }

  /// Looks for variables.
  ///
  /// - Parameter variables: the environment.
  /// - Returns: `nil` if none of them tells.
  /// - Throws: ``Fault`` if those that are there contradict themselves, or an array's ids are not
  ///   evenly spaced, so that they do not tell which part a task is.
  public static func shard(in variables: [String: String]) throws -> ShardEnvironment? {
    if let text = variables["TRANSECT_SHARD"], !text.isEmpty {
      guard let shard = Shard(text) else {
        throw Fault(detail: "TRANSECT_SHARD is '\(text)', not k/n with k from 1 to n")
      }
      return ShardEnvironment(shard, "TRANSECT_SHARD")
    }
    let process =
      try rank("OMPI_COMM_WORLD_RANK", of: "OMPI_COMM_WORLD_SIZE", in: variables)
      ?? rank("PMI_RANK", of: "PMI_SIZE", in: variables)
      ?? rank("SLURM_PROCID", of: "SLURM_STEP_NUM_TASKS", in: variables)
      ?? rank("RANK", of: "WORLD_SIZE", in: variables)
    return try array(in: variables)?.divided(by: process) ?? process
  }

  private static func rank(
    _ rank: String, of size: String, in variables: [String: String]
  ) throws -> ShardEnvironment? {
    guard let first = variables[rank], let second = variables[size] else { return nil }
    guard let index = Int(first), let count = Int(second),
      let shard = Shard(index: index, count: count)
    else { throw Fault(detail: "\(rank) is '\(first)' of \(size) '\(second)'") }
    return ShardEnvironment(shard, "\(rank) and \(size)")
  }

  private static func array(in variables: [String: String]) throws -> ShardEnvironment? {
    guard variables["SLURM_ARRAY_TASK_ID"] != nil else { return nil }
    let names = ["ID", "MIN", "MAX", "COUNT"].map { "SLURM_ARRAY_TASK_\($0)" }
    let numbers = names.compactMap { variables[$0].flatMap { Int($0) } }
    guard numbers.count == names.count, numbers.allSatisfy({ (0..<1 << 31).contains($0) }) else {
      throw Fault(detail: "\(names.joined(separator: ", ")) are not all whole numbers")
    }
    let (id, least, most, count) = (numbers[0], numbers[1], numbers[2], numbers[3])
    let step = max(variables["SLURM_ARRAY_TASK_STEP"].flatMap { Int($0) } ?? 1, 1)
    guard least + (count - 1) * step == most, (id - least) % step == 0,
      let shard = Shard(index: (id - least) / step, count: count)
    else {
      throw Fault(
        detail: "the ids of the job array, \(count) from \(least) to \(most), are not evenly spaced"
      )
    }
    return ShardEnvironment(shard, "SLURM_ARRAY_TASK_ID")
  }

  /// The part of an array's task that one of its several processes has.
  private func divided(by process: ShardEnvironment?) throws -> ShardEnvironment {
    guard let process, process.shard.count > 1 else { return self }
    let (mine, theirs) = (shard, process.shard)
    guard
      let part = Shard(
        index: mine.index * theirs.count + theirs.index, count: mine.count * theirs.count)
    else { throw Fault(detail: "the tasks of the job array have too many processes") }
    return ShardEnvironment(part, "\(source), \(process.source)")
  }
}
