import ArgumentParser
import Checkpoints
import Geometry
import Glibc

/// How much of the machine a command may use.
struct ResourceOptions: ParsableArguments {
  @Option(help: "Threads to use. Results are the same bits for any number.")
  var threads = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  @Option(
    help: """
      Memory to use, as 256MB or 1GB; at least 32MB. Pages of mapped files come on top. If not \
      given, 256MB; half of the machine's where matrices or models are compared in memory (align, \
      spectrum); where models run or are trained, what they take, and for generated text 2GB more.
      """)
  var memory: MemorySize?

  @Option(help: "How to read tensors: \(InputMode.allNames).")
  var io = InputMode.mapped

  @OptionGroup var input: InputOptions

  /// How checkpoints are opened.
  var reading: CheckpointReading { input.reading(mode: io) }

  /// The same for work within a given memory: files are read instead of mapped then, so that pages
  /// of theirs do not come on top.
  var boundedReading: CheckpointReading { input.reading(mode: memory == nil ? io : .pread) }

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads must be between 1 and 1024, not \(threads)")
    }
    guard memory.map({ $0.byteCount >= MemorySize.least.byteCount }) ?? true else {
      throw ValidationError("--memory must be at least \(MemorySize.least)")
    }
  }

  /// What a walk may use, 256 MB if nothing else is granted.
  var resources: WalkResources { resources(ifNotGiven: MemorySize(byteCount: 256_000_000)) }

  /// Half of the memory is for scratch space; the rest is the program, names and results.
  ///
  /// - Parameter size: of the memory, if the command line does not say.
  /// - Returns: threads and scratch space.
  func resources(ifNotGiven size: MemorySize) -> WalkResources {
    WalkResources(threads: threads, scratchByteCount: (memory ?? size).byteCount / 2)
  }
}

/// A number of bytes, written with a decimal or binary unit.
struct MemorySize: ExpressibleByArgument, CustomStringConvertible {
  static let least = MemorySize(byteCount: 32_000_000)
  /// The memory of the machine.
  static var ofMachine: MemorySize {
    MemorySize(byteCount: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
  }
  /// Half of it.
  static var halfOfMachine: MemorySize { MemorySize(byteCount: ofMachine.byteCount / 2) }
  private static let units = [
    ("KIB", 1 << 10), ("MIB", 1 << 20), ("GIB", 1 << 30), ("KB", 1_000), ("MB", 1_000_000),
    ("GB", 1_000_000_000), ("K", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("B", 1),
  ]

  let byteCount: Int

  init(byteCount: Int) { self.byteCount = byteCount }

  init?(argument: String) {
    let text = argument.uppercased()
    let unit = MemorySize.units.first { text.hasSuffix($0.0) } ?? ("", 1)
    guard let number = Int(text.dropLast(unit.0.count)), number >= 0 else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.1)
    guard !overflow else { return nil }
    byteCount = bytes
  }

  var description: String { "\(byteCount / 1_000_000)MB" }
  var defaultValueDescription: String { description }
}

extension InputMode: ExpressibleByArgument {
  fileprivate static var allNames: String { allCases.map(\.rawValue).joined(separator: " or ") }
}

/// The most memory this process has held, as the system counts it.
struct PeakMemory: CustomStringConvertible {
  private let peak: Int
  private let mappedNow: Int

  /// Takes the figures.
  init() {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    peak = usage.ru_maxrss * 1024
    let pages = PeakMemory.statistics()
    mappedNow = pages.count > 2 ? pages[2] * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }

  private static func statistics() -> [Int] {
    guard let file = fopen("/proc/self/statm", "r") else { return [] }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, Int32(line.count), file) != nil else { return [] }
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(separator: " ").compactMap { Int($0) }
  }

  var description: String {
    "peak memory \(peak / 1_000_000) MB, of which \(mappedNow / 1_000_000) MB are pages of files "
      + "still mapped"
  }
}
