import Testing

@testable import HDF5

@Suite struct UserPathTests {
  @Test(
    "Absolute paths are found wherever text puts them",
    arguments: [
      ("transect norms /data/runs/a.pt b.pt", ["/data/runs/a.pt"]),
      ("--out=/data/x.h5", ["/data/x.h5"]),
      ("{\"a\":\"\\/data\\/x.pt\"}", ["/data/x.pt"]),
      ("file:///data/x.pt", ["///data/x.pt"]),
      ("~/a.pt and ~me/b.pt", ["~/a.pt", "~me/b.pt"]),
    ])
  func found(text: String, paths: [String]) {
    #expect(UserPath.words(in: text) == paths)
  }

  @Test(
    "Slashes that are no path are left alone",
    arguments: [
      "and/or", "nat/token", "https://host/page/x", "/mod", "/", "//", "a/b/c", "runs/a.pt", "~",
      "theta_a + alpha / (1 - alpha)", "../a/b.pt", "",
    ])
  func notFound(text: String) {
    #expect(UserPath.words(in: text) == [])
  }

  @Test("A text starts with a path, or does not, whatever follows")
  func leading() {
    #expect(UserPath.leading("/data/my runs/a.pt") == "/data/my")
    #expect(UserPath.leading("file:///data/a.pt") == "///data/a.pt")
    #expect(UserPath.leading("see /data/a.pt") == nil)
    #expect(UserPath.leading("/ and /data/a.pt") == nil)
  }
}
