using CsCheck;

namespace MgcpSipBridge.SansIo.Tests;

public sealed class OrdinalOrderTests
{
    [Fact]
    public void It_is_the_ordinal_one_and_equal_texts_stay_in_their_order()
    {
        // Texts that begin alike, and symbols that do not fit into a byte.
        var text = Gen.String[Gen.Frequency((8, Gen.Char["0123456789*#"]), (1, Gen.Char["\0a\u00fd\u00fe\u00ff\u0100\u0101\uffff"])), 0, 12];
        text.Array[0, 60].Sample(texts => Assert.Equal(texts.Select((one, at) => (one, at)).OrderBy(x => x.one, StringComparer.Ordinal).ThenBy(x => x.at).Select(x => x.at), OrdinalOrder.Of(texts)));
    }
}
