using CsCheck;
using MgcpSipBridge.Host.Records;
using Record = MgcpSipBridge.V1.CallRecord;

namespace MgcpSipBridge.Host.Tests;

/// <summary>None lost, none twice, wherever the process dies.</summary>
public sealed class RecordSpoolTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mgcp-sip-bridge-cdr").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void What_was_kept_waits_for_each_place_by_itself_across_restarts()
    {
        var spool = Open();
        spool.Keep([(Of("a"), false), (Of("a"), true), (Of("b"), true)]);
        Assert.Equal(["a", "b"], Drain(spool, "one"));
        spool.Keep([(Of("c"), true)]);
        spool = Open();
        Assert.Equal((1, 3), (spool.Waiting("one"), spool.Waiting("two")));
        Assert.Equal(["c"], Drain(spool, "one"));
        Assert.Equal(["a", "b", "c"], Drain(spool, "two"));
        spool.Renew();
        Assert.True(new FileInfo(Path.Combine(_folder, "spool")).Length < 40);
        spool.Keep([(Of("d"), true)]);
        spool = Open();
        Assert.Equal(["d"], Drain(spool, "two"));
    }

    [Fact]
    public void Nobody_else_reads_who_called_whom()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs modes of Unix");
        var spool = Open();
        spool.Keep([(Of("a"), true)]);
        spool.Renew();
        foreach (var file in Directory.GetFiles(_folder)) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file));
    }

    [Fact]
    public void What_ended_and_was_never_whole_is_whole_after_a_restart_once()
    {
        var spool = Open();
        spool.Keep([(Of("a"), false), (Of("b"), false), (Of("b"), true)]);
        Drain(spool, "one");
        Drain(spool, "two");
        // Nothing whole is waited for; what ended is carried into the new file.
        spool.Renew();
        spool = Open();
        Assert.Equal(["a"], Drain(spool, "one"));
        spool = Open();
        Assert.Empty(Drain(spool, "one"));
        Assert.Equal(["a"], Drain(spool, "two"));
    }

    [Fact]
    public void A_line_that_was_cut_off_is_no_line_and_the_next_one_is_not_glued_to_it()
    {
        Open().Keep([(Of("a"), true), (Of("b"), true)]);
        var file = Path.Combine(_folder, "spool");
        var whole = File.ReadAllBytes(file);
        for (var cut = 1; cut < 60; cut += 7)
        {
            File.WriteAllBytes(file, whole[..^cut]);
            var spool = Open();
            spool.Keep([(Of("c"), true)]);
            Assert.Equal(["a", "c"], Drain(spool, "one"));
            File.Delete(file + ".places");
        }
    }

    [Fact]
    public void A_file_that_is_something_else_is_not_touched()
    {
        var file = Path.Combine(_folder, "spool");
        File.WriteAllText(file, "my thesis\n");
        Assert.Throws<IOException>(() => Open());
        Assert.Equal("my thesis\n", File.ReadAllText(file));
    }

    // The steps of a life: records come, places take them or fail half way, the process dies and starts again.
    [Fact]
    public void Nothing_is_lost_and_nothing_is_twice_whatever_happens() => Gen.Int[0, 5].Array[1, 40].Sample(steps =>
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString())).FullName;
        var (made, number) = (new List<string>(), 0);
        var sink = new LineFileSink("one", Path.Combine(folder, "cdr.json"), RecordJson.Write);
        RecordSpool Start() => new(Path.Combine(folder, "spool"), ["one"]);
        var (spool, unsure) = (Start(), true);
        void Deliver(bool dies)
        {
            while (spool.Waiting("one") > 0)
            {
                var (records, next) = spool.Read("one");
                var known = unsure ? sink.Known([.. records.Select(r => r.Id)]) : new HashSet<string>();
                sink.Write([.. records.Where(r => !known.Contains(r.Id))]);
                unsure = true;
                // Between the writing and the writing down of it.
                if (dies) return;
                spool.Advance("one", next, records.Count);
                unsure = false;
            }
        }

        foreach (var step in steps)
        {
            switch (step)
            {
                case 0 or 1:
                    var id = $"id-{number++:d4}";
                    made.Add(id);
                    spool.Keep(step == 0 ? [(Of(id), false), (Of(id), true)] : [(Of(id), false)]);
                    break;
                case 2:
                    Deliver(dies: false);
                    break;
                case 3:
                    Deliver(dies: true);
                    (spool, unsure) = (Start(), true);
                    break;
                case 4:
                    (spool, unsure) = (Start(), true);
                    break;
                default:
                    spool.Renew();
                    break;
            }
        }

        (spool, unsure) = (Start(), true);
        Deliver(dies: false);
        var file = Path.Combine(folder, "cdr.json");
        var written = File.Exists(file) ? File.ReadAllLines(file).Select(l => RecordJson.Read(l)!.Id).ToList() : [];
        return written.Order(StringComparer.Ordinal).SequenceEqual(made.Order(StringComparer.Ordinal));
    }, iter: 60, threads: 1);

    [Fact]
    public void A_file_that_was_cut_in_the_midst_of_a_line_is_mended()
    {
        var file = Path.Combine(_folder, "cdr.csv");
        var sink = new LineFileSink("csv", file, AsteriskCsv.Write);
        sink.Write([RecordTests.Record("id-a"), RecordTests.Record("id-b")]);
        var bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^10]);
        Assert.Equal(["id-a"], sink.Known(["id-a", "id-b", "id-c"]));
        sink.Write([RecordTests.Record("id-b")]);
        Assert.Equal(bytes, File.ReadAllBytes(file));
    }

    private static Record Of(string id) => RecordTests.Record(id);

    private static List<string> Drain(RecordSpool spool, string place)
    {
        var all = new List<string>();
        while (spool.Waiting(place) > 0)
        {
            var (records, next) = spool.Read(place);
            all.AddRange(records.Select(r => r.Id));
            spool.Advance(place, next, records.Count);
        }

        return all;
    }

    private RecordSpool Open() => new(Path.Combine(_folder, "spool"), ["one", "two"]);
}
