import ArgumentParser
import Glibc
import Journals

/// Which part of a run's rows this process works on.
struct ShardOptions: ParsableArguments {
  /// What `--shard` says.
  enum Choice: ExpressibleByArgument {
    case part(Shard)
    /// All rows, whatever the environment says.
    case none

    init?(argument: String) {
      if argument == "none" {
        self = .none
      } else if let shard = Shard(argument) {
        self = .part(shard)
      } else {
        return nil
      }
    }
  }

  @Option(
    help: """
      k/n: finish the k-th of n parts of the rows and keep them in FILE.h5.journal for `transect \
      merge`, which writes the file. If not given, tasks of a Slurm job array, of srun, mpirun and \
      torchrun each take their part, where there is an -o; none: do not look for them.
      """)
  var shard: Choice?

  @Flag(
    help: """
      Say how many rows there are, what each reads and takes by a probe of about two seconds, how \
      much memory a process takes, and how many tasks to ask for. Nothing is written.
      """)
  var dryRun = false

  /// Finds the part.
  ///
  /// - Parameter output: where the result would go.
  /// - Returns: the part, and what told it; `nil` if this process has all rows and writes the result.
  /// - Throws: `ValidationError` if a part is asked for without a file, or the environment
  ///   contradicts itself.
  func part(of output: OutputOptions) throws -> (shard: Shard, source: String)? {
    switch shard {
    case .part(let shard):
      guard output.output != nil else {
        throw ValidationError("--shard needs -o FILE.h5, beside which finished rows are kept")
      }
      return (shard, "--shard")
    case Choice.none?: return nil
    case nil: return output.output == nil ? nil : try ShardOptions.partByEnvironment()
    }
  }

  private static func partByEnvironment() throws -> (shard: Shard, source: String)? {
    do {
      guard let found = try ShardEnvironment.shard(in: variables()), found.shard.count > 1 else {
        return nil
      }
      return (found.shard, found.source)
    } catch let fault as ShardEnvironment.Fault {
      throw ValidationError("\(fault.detail); say --shard k/n, or --shard none for all rows")
    }
  }

  private static func variables() -> [String: String] {
    let names = [
      "TRANSECT_SHARD", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
      "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_COUNT", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS",
      "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "RANK",
      "WORLD_SIZE",
    ]
    let values = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
    return Dictionary(values) { first, _ in first }
  }
}
