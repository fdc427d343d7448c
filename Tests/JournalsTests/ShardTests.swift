import Journals
import Testing

@Suite struct ShardTests {
  @Test("k/n is read, and nothing else")
  func text() {
    #expect(Shard("2/5") == Shard(index: 1, count: 5) && Shard("2/5")?.description == "2/5")
    for text in ["", "2", "0/5", "6/5", "1/0", "-1/5", "1/2/3", "a/b", "1/99999999", "1/ 2"] {
      #expect(Shard(text) == nil, "\(text)")
    }
  }

  @Test("Every row is in one shard, whatever their number and work", arguments: 1...12)
  func partition(count: Int) throws {
    for work in [[], [7], Array(repeating: 1, count: 31), [0, 5, 1, 1, 90, 2, 3], [0, 0, 0]] {
      let rows = try (0..<count).flatMap { index in
        try #require(Shard(index: index, count: count)).rows(ofWork: work)
      }
      #expect(rows == Array(work.indices))
    }
  }

  @Test("Equal rows are shared out evenly")
  func evenly() throws {
    let sizes = try (0..<5).map { try #require(Shard(index: $0, count: 5)).rows(of: 12).count }
    #expect(sizes.reduce(0, +) == 12 && sizes.allSatisfy { 2...3 ~= $0 })
  }
}

@Suite struct ShardEnvironmentTests {
  private func shard(_ variables: [String: String]) throws -> String? {
    try ShardEnvironment.shard(in: variables)?.shard.description
  }

  private func array(_ id: Int, _ range: (Int, Int), _ count: Int, step: Int = 1) -> [String:
    String]
  {
    [
      "SLURM_ARRAY_TASK_ID": "\(id)", "SLURM_ARRAY_TASK_MIN": "\(range.0)",
      "SLURM_ARRAY_TASK_MAX": "\(range.1)", "SLURM_ARRAY_TASK_COUNT": "\(count)",
      "SLURM_ARRAY_TASK_STEP": "\(step)",
      // Every task of an array has these.
      "SLURM_PROCID": "0", "SLURM_NTASKS": "",
    ]
  }

  @Test("Without variables there is no shard, and a batch script alone is one process")
  func none() throws {
    #expect(try shard([:]) == nil)
    #expect(try shard(["SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_JOB_ID": "1"]) == nil)
    #expect(try shard(["TRANSECT_SHARD": ""]) == nil)
  }

  @Test("Tasks of a job array are its parts, wherever its ids begin and however they step")
  func arrays() throws {
    #expect(try shard(array(3, (0, 3), 4)) == "4/4")
    #expect(try shard(array(7, (1, 7), 4, step: 2)) == "4/4")
    #expect(try shard(array(9, (9, 9), 1)) == "1/1")
  }

  @Test("Ids that are not evenly spaced tell no part")
  func irregular() {
    for id in [0, 3, 17] {
      #expect(throws: ShardEnvironment.Fault.self) { try shard(array(id, (0, 17), 3)) }
    }
  }

  @Test("The processes of an array's task divide its part")
  func nested() throws {
    let step = ["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2"]
    #expect(try shard(array(1, (0, 3), 4).merging(step) { $1 }) == "4/8")
    #expect(try shard(step) == "2/2")
  }

  @Test("Ranks of MPI come before those of the step that starts its daemons, torchrun's last")
  func ranks() throws {
    let torch = ["RANK": "2", "WORLD_SIZE": "3"]
    let step = ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2"]
    let mpi = ["OMPI_COMM_WORLD_RANK": "5", "OMPI_COMM_WORLD_SIZE": "8"]
    #expect(try shard(torch) == "3/3")
    #expect(try shard(torch.merging(step) { $1 }) == "1/2")
    #expect(try shard(step.merging(mpi) { $1 }) == "6/8")
    #expect(try shard(["PMI_RANK": "0", "PMI_SIZE": "2"]) == "1/2")
    #expect(try shard(mpi.merging(["TRANSECT_SHARD": "1/9"]) { $1 }) == "1/9")
  }

  @Test("Variables that contradict themselves are told")
  func contradictions() {
    for variables in [
      ["RANK": "3", "WORLD_SIZE": "3"], ["RANK": "x", "WORLD_SIZE": "3"], ["TRANSECT_SHARD": "0/3"],
      ["SLURM_ARRAY_TASK_ID": "1"],
    ] {
      #expect(throws: ShardEnvironment.Fault.self) { try shard(variables) }
    }
  }
}
