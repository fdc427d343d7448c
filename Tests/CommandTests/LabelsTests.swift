import Testing

@testable import transect

@Suite struct LabelsTests {
  @Test(
    "A label is the stem of a file, or the folder of one that is called as all are",
    arguments: [
      ("a/tuned.safetensors", "tuned"), ("gpt2/model.safetensors", "gpt2"), ("gpt2/", "gpt2"),
      ("gpt2/pytorch_model.bin", "gpt2"), ("gpt2/model.safetensors.index.json", "gpt2"),
      ("model.safetensors", "model"), ("x/step.100.pt", "step.100"), ("org/name", "name"),
      ("./model.safetensors", "model"), ("/", "/"), ("last.pth", "last"),
    ])
  func stems(argument: String, label: String) { #expect(labels(of: [argument]) == [label]) }

  @Test("Equal labels are numbered")
  func numbers() {
    #expect(labels(of: ["a/x.pt", "b/x.pt", "c/y.pt", "d/x.bin"]) == ["x", "x#2", "y", "x#3"])
  }

  @Test("A label that looks numbered does not collide with one that is")
  func collidingNumbers() {
    #expect(labels(of: ["x", "a/x", "x#2"]) == ["x", "x#2", "x#2#2"])
    #expect(labels(of: ["x#2", "x", "a/x"]) == ["x#2", "x", "x#3"])
  }
}
