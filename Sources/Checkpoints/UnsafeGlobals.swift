/// Names that no description of data needs and that attacks through pickles do.
///
/// Nothing in a pickle is ever called here, so a file that names these could do no harm. It is
/// refused to tell its owner what it would do to another reader. Anything else that is unknown
/// (a hyperparameter's class, an optimizer's) is passed over, since real checkpoints hold
/// such things beside their tensors.
enum UnsafeGlobals {
  /// Whether a global's mention alone makes a file unsafe.
  ///
  /// - Parameters:
  ///   - module: such as `os` or `torch._utils`.
  ///   - name: within the module; it may lead through attributes, as `os.system` does.
  /// - Returns: true for a module that acts on the system or runs code, and for all of Python's
  ///   built-ins but types.
  static func contains(module: String, name: String) -> Bool {
    let packages = [module, name.contains(".") ? name : ""].map { $0.prefix { $0 != "." } }
    if packages.contains(where: modules.contains) { return true }
    return builtins.contains(module) && !types.contains(name)
  }

  private static let modules: Set<Substring> = [
    "os", "posix", "nt", "subprocess", "commands", "pty", "sys", "ctypes", "socket", "shutil",
    "runpy", "importlib", "imp", "pkgutil", "code", "codeop", "pickle", "_pickle", "marshal",
    "dill", "cloudpickle", "pip", "operator", "_operator", "timeit", "pdb", "bdb", "profile",
    "cProfile", "trace", "webbrowser", "urllib", "ssl", "ftplib", "smtplib", "asyncio",
    "multiprocessing", "threading", "_thread", "signal", "gc", "inspect", "linecache", "doctest",
  ]

  private static let builtins: Set<String> = ["builtins", "__builtin__", "__builtins__"]

  /// `getattr` is how Python 3.11 writes a member of an enumeration.
  private static let types: Set<String> = [
    "object", "bool", "int", "long", "float", "complex", "str", "unicode", "bytes", "bytearray",
    "list", "tuple", "dict", "set", "frozenset", "slice", "range", "xrange", "getattr",
  ]
}
