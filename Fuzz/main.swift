import Glibc

/// libFuzzer's loop, which calls a function with one input after the other until it has done what
/// its arguments ask for, or the function crashes.
///
/// Source: LLVM, "libFuzzer – a library for coverage-guided fuzz testing", "Using libFuzzer as a
/// library".
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

guard CommandLine.arguments.count > 1,
  let target = FuzzTarget.all.first(where: { $0.name == CommandLine.arguments[1] })
else {
  print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
  exit(CommandLine.arguments.count > 1 ? 64 : 0)
}
FuzzTarget.current = target
// What follows the target's name is for libFuzzer.
var argumentCount = CommandLine.argc - 1
var arguments = CommandLine.unsafeArgv + 1
arguments[0] = CommandLine.unsafeArgv[0] ?? arguments[0]
exit(
  runFuzzer(&argumentCount, &arguments) { start, count in
    FuzzTarget.current?.run(UnsafeBufferPointer(start: start, count: count))
    return 0
  })
