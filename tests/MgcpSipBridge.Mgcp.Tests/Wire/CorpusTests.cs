using System.Text;

namespace MgcpSipBridge.Mgcp.Tests;

/// <summary>Real messages and the RFC's own examples, each with its reviewed expectation.</summary>
public class CorpusTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "corpus", "mgcp");

    [Fact]
    public void Every_sample_reads_as_expected()
    {
        StringBuilder text = new();
        foreach (var file in Directory.GetFiles(Folder, "*.mgcp").Order(StringComparer.Ordinal))
        {
            text.Append(null, $"== {Path.GetFileName(file)}\n").Append(Describe.Datagram(File.ReadAllBytes(file)));
        }

        Snapshot.Match(text.ToString(), "corpus/mgcp/expected-samples.txt");
    }

    [Fact]
    public void Every_sample_has_its_source()
    {
        var named = File.ReadAllLines(Path.Combine(Folder, "SOURCES.tsv")).Skip(1).Select(static line => line.Split('\t')).ToDictionary(static f => f[0], static f => f[1]);
        foreach (var file in Directory.GetFiles(Folder, "*.mgcp"))
        {
            // The size guards against a tool that "repairs" line ends.
            Assert.Equal(named[Path.GetFileName(file)], new FileInfo(file).Length.ToString(null, null));
        }
    }

    [Fact]
    public void Every_example_of_RFC_3435_reads_as_expected()
    {
        StringBuilder text = new();
        var examples = Examples();
        for (var i = 0; i < examples.Length; i++)
        {
            text.Append(null, $"== {i + 1}\n").Append(Describe.Datagram(Encoding.ASCII.GetBytes(examples[i])));
        }

        Assert.Equal(107, examples.Length);
        Snapshot.Match(text.ToString(), "corpus/mgcp/expected-rfc3435-examples.txt");
    }

    /// <summary>Line ends do not matter (Appendix A: CRLF and LF; CR alone exists), nor case, nor a last line that is not ended.</summary>
    [Theory]
    [InlineData("\r\n", true)]
    [InlineData("\r", true)]
    [InlineData("\n", false)]
    [InlineData("\r\n", false)]
    public void Every_example_reads_the_same_with_other_line_ends(string lineEnd, bool ended)
    {
        foreach (var example in Examples())
        {
            var other = example.Replace("\n", lineEnd, StringComparison.Ordinal);
            if (!ended) other = other[..^lineEnd.Length];
            Assert.Equal(WithoutBodies(Describe.Datagram(Encoding.ASCII.GetBytes(example))), WithoutBodies(Describe.Datagram(Encoding.ASCII.GetBytes(other))));
        }
    }

    [Fact]
    public void All_examples_in_one_datagram_read_one_by_one()
    {
        var examples = Examples();
        var joined = string.Join(".\n", examples);
        Assert.Equal(string.Concat(examples.Select(static e => Describe.Datagram(Encoding.ASCII.GetBytes(e)))), Describe.Datagram(Encoding.ASCII.GetBytes(joined)));
    }

    public static string[] Examples() =>
        File.ReadAllText(Path.Combine(Folder, "rfc3435-examples.txt")).Split("----\n");

    private static string WithoutBodies(string text) =>
        string.Join('\n', text.Split('\n').Select(static line => line.StartsWith("  body of", StringComparison.Ordinal) ? "  body" : line));
}
