using System.Text;
using CsCheck;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Tests;

/// <summary>lines.yaml read in parts, and again: what comes of it is what comes of reading the file from its beginning to its end.</summary>
public sealed class LinesReaderTests
{
    // Items of the list of routes, as people write them and as nobody should: {0} is a number.
    private static readonly string[] Items =
    [
        "  - {{ name: r{0}, prefix: \"{0}\", peer: pbx }}\n",
        "  - name: r{0}\n    prefix: \"{0}\"\n    peer: pbx\n    failover: [other]\n",
        "  - name: r{0}\n    prefix: \"{0}\"   # which ones\n    # - {{ name: not one }}\n\n    peer: pbx\n    called: {{ stripDigits: 1 }}\n    schedule:\n      times:\n      - 08:00-17:00\n      weekdays: [mon-fri]\n",
        "  - {{ name: r{0}, prefix: \"{0}\",\n      peer: pbx }}\n",
        "  - {{ name: r{0}, prefix: \"{0}\",\n  peer: pbx }}\n",
        "  - {{ name: r{0}, prefix: \"\n  - {0}\", peer: pbx }}\n",
        "  - {{ name: r{0}, peer: >-\n      pbx\n    , prefix: \"{0}\" }}\n",
        "  - name: r{0}\n    peer: >-\n      pbx\n    prefix: \"{0}\"\n",
        "  - name: r{0}\n    peer: |-\n     - pbx\n  -   prefix: '{0}'\n      name: s{0}\n      peer: pbx\n",
        "  - &a{0} {{ name: r{0}, prefix: \"{0}\", peer: pbx }}\n",
        "  - *a1\n",
        "  - just text {0}\n    that goes on\n",
        "  -\n    name: r{0}\n    peer: pbx\n",
        "  - {{ name: r{0}, prefix: \"{0}\", peer: pbx, color: red, stripDigits: many }}\n",
        "  - {{ name: r{0}, name: again, peer: pbx }}\n",
        "  - [ name, r{0} ]\n",
        "  - {{ name: r{0}, prefix: \"{0}\", peer: pbx\n",
        "# a remark\n\n   \n",
        "  name: r{0}\n",
        "    - name: r{0}\n",
        "- {{ name: r{0}, peer: pbx }}\n",
        "  -{0}\n",
        "...\n",
        "routes:\n",
        "  - {{ name: \"r{0}\r\n      \", peer: pbx }}\n",
        "\t- {{ name: r{0}, peer: pbx }}\n",
        "  - {{ name: r{0}, peer: \"p\u2028bx\" }}\n",
    ];

    private static readonly string[] Heads =
    [
        "peers:\n  - {{ name: pbx, uri: sip:10.0.0.9 }}\n  - name: other\n    uri: sip:10.0.0.8\n    numbersOut:\n      - {{ prefix: \"0\", stripDigits: 1 }}\nroutes:\n",
        "gateways:\n  - name: gw1\n    domain: gw1.example.net\n    traits: {{ piggyback: true }}\n    lines:\n      - {{ endpoint: aaln/1, number: \"1001\", peer: pbx, features: {{ callWaiting: false }} }}\n      - {{ endpoint: aaln/2, number: \"1002\", peer: pbx }}\nroutes: # of calls\n",
        "peers: []\nroutes:\n", "routes:   \n", "routes: []\n", "\uFEFFroutes:\r\n", "---\nroutes:\n", "{{ }}\n", "colors:\n  - red\nroutes:\n", "",
    ];

    [Fact]
    public void What_is_read_in_parts_and_again_is_what_is_read_as_a_whole()
    {
        var good = Gen.OneOf(Gen.Int[0, 3], Gen.Int[7, 8], Gen.Int[12, 12]);
        var item = Gen.Frequency((60, good), (1, Gen.Int[0, Items.Length - 1]));
        var head = Gen.Frequency((12, Gen.Int[0, 3]), (1, Gen.Int[0, Heads.Length - 1]));
        Gen.Select(head, item.Array[0, 120], item.Array[0, 4], Gen.Int[0, 200], Gen.Int[0, 6]).Sample((first, items, more, at, gone) =>
        {
            var reader = new LinesReader();
            var number = 0;
            List<string> texts = [string.Format(null, Heads[first]), .. items.Select(i => string.Format(null, Items[i], ++number))];
            Same(reader, string.Concat(texts));
            // Some are put in, some go, the rest stands elsewhere.
            var place = Math.Min(1 + at, texts.Count);
            texts.RemoveRange(place, Math.Min(gone, texts.Count - place));
            texts.InsertRange(place, more.Select(i => string.Format(null, Items[i], ++number)));
            Same(reader, string.Concat(texts));
            Same(reader, string.Concat(texts));
        }, iter: 400);
    }

    [Fact]
    public void What_did_not_change_is_not_read_again()
    {
        var lines = Enumerable.Range(0, 5000).Select(i => $"  - {{ name: r{i}, prefix: \"{i:D5}\", peer: pbx }}\n").ToList();
        var reader = new LinesReader();
        Same(reader, Text());
        Assert.Equal(0, reader.Kept);
        Same(reader, Text());
        Assert.Equal(5001, reader.Kept);
        lines.Insert(0, "  - { name: first, prefix: \"1\", peer: pbx }\n");
        lines[2500] = "  # it is gone\n";
        Same(reader, Text());
        // But for the parts in which they stand.
        Assert.InRange(reader.Kept, 5002 - (2 * 512), 5000);
        // A mistake is told as often as the file is read.
        lines[4000] = "  - { name: wrong, prefix: \"2\" }\n";
        Same(reader, Text());
        Same(reader, Text());
        // A file of another name stands in other places.
        var problems = new ConfigProblems();
        Assert.Equal("other.yaml:4:5", reader.Read("other.yaml", Text(), problems).Routes[0].Written.At.ToString());

        string Text() => "peers:\n  - { name: pbx, uri: sip:10.0.0.9 }\nroutes:\n" + string.Concat(lines);
    }

    private static void Same(LinesReader reader, string text)
    {
        var (problems, expected) = (new ConfigProblems(), new ConfigProblems());
        Assert.Equal(Dump(LinesYaml.ReadWhole("lines.yaml", text.TrimStart('\uFEFF'), expected)) + string.Join('\n', expected.Items), Dump(reader.Read("lines.yaml", text, problems)) + string.Join('\n', problems.Items));
    }

    // Every resource with its places, and all that it says.
    private static string Dump(ProvisioningConfig config)
    {
        var text = new StringBuilder();
        foreach (var peer in config.Peers) Add(peer, [peer.Written, .. peer.NumbersOut.Select(rule => rule.Written)]);
        foreach (var gateway in config.Gateways)
        {
            Add(gateway with { Lines = [] }, gateway.Written, gateway.TraitsWritten);
            foreach (var line in gateway.Lines) Add(line, line.Written, line.FeaturesWritten);
        }

        foreach (var route in config.Routes) Add(route, route.Written, route.Called?.Written, route.Schedule?.Written);
        return text.ToString();

        void Add(object resource, params Written?[] places)
        {
            foreach (var place in places.OfType<Written>())
                text.Append(place.Path).Append(' ').Append(place.At).Append(' ').AppendJoin(' ', place.Fields.Select(field => $"{field.Name}:{field.Line}:{field.Column}")).Append('\n');
            text.Append(System.Text.Json.JsonSerializer.Serialize(resource)).Append('\n');
        }
    }
}
