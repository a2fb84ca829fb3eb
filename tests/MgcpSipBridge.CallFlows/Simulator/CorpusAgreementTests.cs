using System.Text;
using MgcpSipBridge.Simulator;

namespace MgcpSipBridge.CallFlows;

/// <summary>
/// Two readers that share no line must read real devices' messages alike: the simulator's against what was expected of the product's.
/// </summary>
public sealed class CorpusAgreementTests
{
    private static readonly Dictionary<string, string> LongNames = new()
    {
        ["ResponseAck"] = "K",
        ["BearerInformation"] = "B",
        ["CallId"] = "C",
        ["ConnectionId"] = "I",
        ["NotifiedEntity"] = "N",
        ["RequestIdentifier"] = "X",
        ["LocalConnectionOptions"] = "L",
        ["ConnectionMode"] = "M",
        ["RequestedEvents"] = "R",
        ["SignalRequests"] = "S",
        ["DigitMap"] = "D",
        ["ObservedEvents"] = "O",
        ["ConnectionParameters"] = "P",
        ["ReasonCode"] = "E",
        ["SpecificEndpointId"] = "Z",
        ["SecondEndpointId"] = "Z2",
        ["SecondConnectionId"] = "I2",
        ["RequestedInfo"] = "F",
        ["QuarantineHandling"] = "Q",
        ["DetectEvents"] = "T",
        ["RestartMethod"] = "RM",
        ["RestartDelay"] = "RD",
        ["Capabilities"] = "A",
        ["EventStates"] = "ES",
        ["PackageList"] = "PL",
        ["MaxMgcpDatagram"] = "MD",
        ["RemoteConnectionDescriptor"] = "RC",
        ["LocalConnectionDescriptor"] = "LC",
    };

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "corpus", "mgcp");

    [Fact]
    public void Samples_of_real_devices_are_read_alike()
    {
        var expected = Expectations("expected-samples.txt");
        var compared = 0;
        foreach (var file in Directory.GetFiles(Folder, "*.mgcp"))
            compared += Compare(expected[Path.GetFileName(file)], File.ReadAllBytes(file));
        Assert.True(compared >= 40);
    }

    [Fact]
    public void The_examples_of_RFC_3435_are_read_alike()
    {
        var expected = Expectations("expected-rfc3435-examples.txt");
        var compared = 0;
        foreach (var (text, number) in Examples()) compared += Compare(expected[number], Encoding.UTF8.GetBytes(text));
        Assert.True(compared >= 40);
    }

    [Fact]
    public void The_standards_own_commands_break_no_rule_but_these()
    {
        var found = new List<string>();
        foreach (var (text, _) in Examples())
        {
            var complaints = new List<string>();
            foreach (var message in PlainMgcp.ReadAll(Encoding.UTF8.GetBytes(text), complaints))
                if (message.Verb is "CRCX" or "MDCX" or "RQNT" or "AUEP" or "AUCX" or "EPCF" || (message.Verb == "DLCX" && message["E"] is null && message["P"] is null)) CommandCheck.Check(message, complaints);
            found.AddRange(complaints);
        }

        Snapshot.Matches(string.Join('\n', found.Distinct().Order(StringComparer.Ordinal)) + "\n", "Complaints_about_RFC_3435s_examples", Here());
    }

    private static string Here([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;

    private static IEnumerable<(string Text, string Number)> Examples() =>
        File.ReadAllText(Path.Combine(Folder, "rfc3435-examples.txt")).Split("----\n").Select((text, index) => (text, $"{index + 1}"));

    private static int Compare(List<string> expected, byte[] datagram)
    {
        var messages = PlainMgcp.ReadAll(datagram, []);
        var heads = expected.Where(line => line.StartsWith("command None", StringComparison.Ordinal) || line.StartsWith("response None", StringComparison.Ordinal)).ToList();
        // What the product refuses has no agreement to show here.
        if (heads.Count != messages.Count) return 0;
        for (var i = 0; i < heads.Count; i++)
        {
            var message = messages[i];
            var head = message.IsResponse ? $"response None {message.Code:000} tid {message.Number}" : $"command None {message.Verb} tid {message.Number} local '{message.Endpoint}' domain '{message.Domain}' version '{message.Tail}'";
            Assert.StartsWith(head, heads[i], StringComparison.OrdinalIgnoreCase);
        }

        if (messages.Count != 1) return heads.Count;
        var parameters = expected.Where(line => line.StartsWith("  ", StringComparison.Ordinal) && !line.StartsWith("   ", StringComparison.Ordinal) && line.Contains(" = '", StringComparison.Ordinal))
            .Select(line => (Name: line.Trim().Split(' ')[0], Value: line[(line.IndexOf(" = '", StringComparison.Ordinal) + 4)..^1]))
            .Where(pair => LongNames.ContainsKey(pair.Name)).ToList();
        foreach (var (name, value) in parameters) Assert.Contains((LongNames[name], value), messages[0].Parameters);
        Assert.Equal(parameters.Count, messages[0].Parameters.Count(parameter => LongNames.ContainsValue(parameter.Name)));
        return 1;
    }

    private static Dictionary<string, List<string>> Expectations(string file)
    {
        var result = new Dictionary<string, List<string>>();
        var current = new List<string>();
        foreach (var line in File.ReadAllLines(Path.Combine(Folder, file)))
        {
            if (line.StartsWith("== ", StringComparison.Ordinal)) result[line[3..].Trim()] = current = [];
            else current.Add(line);
        }

        return result;
    }
}
