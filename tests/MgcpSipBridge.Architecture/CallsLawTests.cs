using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace MgcpSipBridge.Architecture;

/// <summary>The translation core speaks telephony: no word of either wire, and no field that changes.</summary>
public sealed partial class CallsLawTests
{
    [Fact]
    public void Nothing_in_Calls_changes_after_it_was_made()
    {
        const BindingFlags EveryField = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var mutable = Rooms.Load("Calls").GetTypes()
            .Where(t => !Rooms.IsGenerated(t) && !t.IsEnum)
            .SelectMany(t => t.GetFields(EveryField))
            .Where(f => !f.IsInitOnly)
            .Select(f => $"{f.DeclaringType}.{f.Name}");
        Findings.None(mutable);
    }

    [Fact]
    public void No_text_in_Calls_is_a_word_of_the_wire()
    {
        using var assembly = new PEReader(File.OpenRead(Rooms.AssemblyPath("Calls")));
        var reader = assembly.GetMetadataReader();
        var wireWords = new List<string>();
        for (var handle = MetadataTokens.UserStringHandle(1); !handle.IsNil; handle = reader.GetNextHandle(handle))
            if (WireWord().IsMatch(reader.GetUserString(handle))) wireWords.Add(reader.GetUserString(handle));
        Findings.None(wireWords);
    }

    [Theory]
    [InlineData("L/dl")]
    [InlineData("SIP/2.0")]
    [InlineData("sip:1001@example.net")]
    [InlineData("BYE")]
    [InlineData("486")]
    public void The_search_for_wire_words_is_not_blind(string word) => Assert.Matches(WireWord(), word);

    [GeneratedRegex(@"\b[A-Z]/[a-z]{1,3}\b|SIP/2\.0|\bsips?:|\b(?:INVITE|BYE|CANCEL|REGISTER|CRCX|MDCX|DLCX|RQNT|NTFY|RSIP)\b|^[1-6]\d\d$")]
    private static partial Regex WireWord();
}
