using System.Runtime.InteropServices;
using System.Text;
using CsCheck;
using MgcpSipBridge.Host.Provisioning;

namespace MgcpSipBridge.Host.Tests;

/// <summary>The quick reader of lists: what it reads is what a reader of all of YAML reads, to the column.</summary>
public sealed class UsualYamlTests
{
    // As people and programs write them.
    private static readonly string[] Usual =
    [
        "  - { name: r1, prefix: \"0\", peer: pbx, failover: [other, third], stripDigits: 1 }\n",
        "  - {name: r1, regex: '00[0-9]{4}', called: { regex: \"^0(.*)\", replace: \"+49$1\" }, from: []}   # to Sweden\n",
        "  - name: r1\n    prefix: \"0\"\n    peer: pbx\n",
        "  - name: r1   # a remark\n\n    # another\n    schedule:\n      times:\n      - 08:00-17:00\n      - 19:00-20:00\n      weekdays: [mon-fri, sat]\n      timeZone: Europe/Berlin\n    peer: pbx\n",
        "  - name: gw1\n    domain: gw1.example.net\n    address: 10.0.0.21:2427\n    profile: ~\n    lines:   # two\n      - { endpoint: aaln/1, number: \"1001\", displayName: Jörg O'Neill, peer: pbx }\n      - endpoint: aaln/2\n        number: '1002'\n"
            + "        features:\n          callWaiting: false\n          hotline: null\n    fax: t38\n",
        "  -   uri: sip:10.0.0.9:5060;transport=udp\n      backupUris:\n        - sip:pbx2.example.net\n        - \"sips:pbx3\"\n      password: a#b&c%d\r\n",
        "- name: at the margin\n  peer: \"Größe: 5\"\n",
        "      - just text\n",
    ];

    public static TheoryData<string> UsualOnes => [.. Usual];

    [Theory]
    [MemberData(nameof(UsualOnes))]
    public void What_is_usual_is_read_here(string text)
    {
        Assert.NotNull(Read(text));
        Assert.NotNull(Read(text + text));
        // Without its last line's end, too.
        Assert.NotNull(Read(text.TrimEnd()));
    }

    [Theory]
    [InlineData("  - name: >-\n      r1\n")]
    [InlineData("  - &r { name: r1 }\n")]
    [InlineData("  - name: r1\n    called:\n")]
    [InlineData("  - name: one\n      two\n")]
    [InlineData("  - { name: r1,\n      peer: pbx }\n")]
    [InlineData("  - { name: \"r\\n\" }\n")]
    [InlineData("  - { name: 'it''s' }\n")]
    [InlineData("  - name: r1\n   peer: pbx\n")]
    [InlineData("  - name: a: b\n")]
    public void What_is_not_is_left_to_the_reader_of_all_of_YAML(string text) => Assert.Null(Read(text));

    [Fact]
    public void Whatever_is_read_here_is_what_YAML_has()
    {
        // The usual, with something written over or put in or taken out, as by a slip of the hand.
        var symbols = Gen.Char["{}[]:,#'\"\\-?&*!|>%@`~<= \n01ar+.$^/\u00e9\u00a0\u3000\u0300\ufeff\ud83d\u007f"];
        var slip = Gen.Select(Gen.Int[0, 400], Gen.Int[0, 3], Gen.String[symbols, 0, 2]);
        var (read, odd) = (0, 0);
        Gen.Select(Gen.Int[0, Usual.Length - 1].Array[1, 3], slip.Array[0, 3]).Sample((which, slips) =>
        {
            var text = string.Concat(which.Select(i => Usual[i]));
            foreach (var (at, gone, put) in slips)
            {
                var place = at % (text.Length + 1);
                text = text.Remove(place, Math.Min(gone, text.Length - place)).Insert(place, put);
            }

            // What the file is cut by has seen to this.
            if (text.Replace("\r\n", "", StringComparison.Ordinal).Contains('\r')) return;
            if (Read(text) is { } items)
            {
                var expected = new StringBuilder();
                Assert.True(YamlTree.ReadItems("lines.yaml", text, 7, node => Write(expected, node)), text);
                Assert.True(expected.ToString() == items, $"{text}\nYAML: {expected}\nhere: {items}");
                Interlocked.Increment(ref read);
            }
            else
            {
                Interlocked.Increment(ref odd);
            }
        }, iter: 20_000);
        Assert.True(read > 1000 && odd > 1000, $"{read} of {read + odd}");
    }

    [Fact]
    public void What_comes_again_is_there_once_and_nothing_is_taken_for_another()
    {
        var room = new ReadingRoom();
        Assert.Same(room.Text("carrier"), room.Text("carrier"));
        Assert.Equal(new string('x', 100), room.Text(new string('x', 100)));
        Assert.Same(ImmutableCollectionsMarshal.AsArray(room.List(["pbx", "other"])), ImmutableCollectionsMarshal.AsArray(room.List(["pbx", "other"])));
        Assert.Same(room.Layout([new FieldPlace("name", 0, 5)]), room.Layout([new FieldPlace("name", 0, 5)]));
        for (var i = 0; i < 5000; i++)
        {
            Assert.Equal($"{i}", room.Text($"{i}"));
            Assert.Equal([$"{i}", ""], room.List([$"{i}", ""]));
            Assert.Equal([new FieldPlace($"{i}", i / 100, i % 100)], room.Layout([new FieldPlace($"{i}", i / 100, i % 100)]));
        }
    }

    private static string? Read(string text)
    {
        var reader = new UsualYaml("lines.yaml", text, 7, new ReadingRoom());
        var all = new StringBuilder();
        while (reader.Next() is { } node) Write(all, node);
        return reader.IsOdd ? null : all.ToString();
    }

    private static void Write(StringBuilder into, YamlTree node)
    {
        into.Append(node.Place);
        switch (node)
        {
            case YamlTree.Scalar scalar:
                into.Append(scalar.Plain ? " plain " : " quoted ").Append(scalar.Text).Append('\n');
                break;
            case YamlTree.Sequence list:
                into.Append(" list ").Append(list.Items.Count).Append('\n');
                foreach (var item in list.Items) Write(into, item);
                break;
            case YamlTree.Mapping map:
                into.Append(" mapping ").Append(map.Entries.Count).Append('\n');
                foreach (var (name, value) in map.Entries)
                {
                    Write(into, name);
                    Write(into, value);
                }

                break;
        }
    }
}
