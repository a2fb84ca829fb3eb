using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

public sealed class PrefixTreeTests
{
    [Fact]
    public void Every_beginning_is_found_in_its_place_and_what_is_none_is_not()
    {
        var text = Gen.String[Gen.Char["01*"], 0, 4];
        Gen.Select(text.Array[0, 30], text).Sample((given, asked) =>
        {
            string[] keys = [.. given.Distinct().Order(StringComparer.Ordinal)];
            var tree = new PrefixTree(keys);
            var node = tree.Find(asked);
            Assert.Equal(asked.Length == 0 || keys.Any(key => key.StartsWith(asked, StringComparison.Ordinal)), node >= 0);
            if (node < 0) return;
            Assert.Equal(Array.IndexOf(keys, asked), tree.At(node));
            Assert.Equal(keys.Any(key => key.Length > asked.Length && key.StartsWith(asked, StringComparison.Ordinal)), tree.GoesOn(node));
        });
    }

    [Fact]
    public void Another_order_is_refused()
    {
        Gen.String[Gen.Char["01*"], 0, 4].Array[2, 6].Sample(keys =>
        {
            var isOrdered = keys.Zip(keys.Skip(1)).All(pair => string.CompareOrdinal(pair.First, pair.Second) < 0);
            Assert.Equal(isOrdered ? null : typeof(ArgumentException), Record.Exception(() => new PrefixTree(keys))?.GetType());
        });
    }
}
