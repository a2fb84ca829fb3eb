using System.Globalization;
using Grpc.Core;
using Spectre.Console;

namespace MgcpSipBridge.Cli;

/// <content>Lists that are followed: a table that is drawn again on a terminal, a line for each change elsewhere.</content>
internal sealed partial class Bridge
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);

    /// <summary>Follows until interrupted, or so many changes.</summary>
    public async Task WatchAsync<T>(Watched<T> watched, int most, IAnsiConsole? terminal)
        where T : class, Google.Protobuf.IMessage<T>
    {
        try
        {
            var drawn = terminal is not null && writer.Format == OutputFormat.Table ? new Drawing() : null;
            var bridge = drawn is null ? new Persistence(writer.Remark, writer.Remark, cancel) : new Persistence(drawn.Lost, drawn.Back, cancel);
            using var events = new EventStream(invoker, bridge, $"type = \"stream.*\" OR {watched.Filter}", "", cancel);
            // It begins with a heartbeat. Listened to before it is asked what there is: no change gets lost in between.
            await events.MoveNext(cancel);
            var following = new Following<T>(watched, bridge);
            await following.AllAsync();
            if (drawn is not null) await DrawAsync(following, events, terminal!, drawn);
            else await TellAsync(following, events, most);
        }
        catch (Exception e) when (cancel.IsCancellationRequested && e is RpcException or OperationCanceledException)
        {
            // Interrupted: that is how one stops looking.
        }
    }

    private async Task TellAsync<T>(Following<T> following, EventStream events, int most)
        where T : class, Google.Protobuf.IMessage<T>
    {
        var watched = following.Watched;
        string[] headings = ["TIME", "CHANGE", .. watched.Headings];
        var widths = Array.ConvertAll(headings, h => h.Length);
        var told = 0;
        void Line(string[] cells)
        {
            // Columns grow with what was told so far, so that they stay where they are for the most part.
            for (var i = 0; i < cells.Length; i++) widths[i] = Math.Max(widths[i], cells[i].Length);
            writer.Text(string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd() + "\n");
        }

        bool Tell(WatchedChange change, T thing, Google.Protobuf.WellKnownTypes.Timestamp time)
        {
            if (writer.IsData) writer.Next($"{{ \"change\": \"{Text(change)}\", \"time\": \"{Text(time)}\", \"{watched.Kind}\": {AnswerWriter.Json(thing)} }}");
            else if (writer.Format == OutputFormat.Name) writer.Text(watched.Key(thing) + "\n");
            else Line([Text(time), Text(change), .. watched.Row(thing)]);
            return change != WatchedChange.Is && ++told == most;
        }

        if (writer.Format == OutputFormat.Table) Line(headings);
        var now = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(DateTime.UtcNow);
        foreach (var thing in following.Things) Tell(WatchedChange.Is, thing, now);
        while (await events.MoveNext(cancel))
            foreach (var (change, thing) in await following.HappenedAsync(events.Current))
                if (Tell(change, thing, events.Current.Time ?? Google.Protobuf.WellKnownTypes.Timestamp.FromDateTime(DateTime.UtcNow))) return;
    }

    private async Task DrawAsync<T>(Following<T> following, EventStream events, IAnsiConsole terminal, Drawing drawing)
        where T : class, Google.Protobuf.IMessage<T>
    {
        var watched = following.Watched;
        string[] headings = watched.Since is null ? watched.Headings : [.. watched.Headings[..^1], "FOR"];
        string[] Row(T thing, DateTime now) => watched.Since is { } since ? [.. watched.Row(thing)[..^1], Age(since(thing), now)] : watched.Row(thing);
        LiveTable Draw()
        {
            var now = DateTime.UtcNow;
            var things = watched.Since is { } since ? following.Things.OrderByDescending(t => since(t)?.ToDateTime()) : following.Things;
            return new LiveTable(headings, [.. things.Select(t => Row(t, now))],
                drawing.Trouble ?? string.Create(CultureInfo.InvariantCulture, $"{following.Count} {watched.Kind}{(following.Count == 1 ? "" : "s")} at {now:HH:mm:ss}Z; Ctrl-C ends"));
        }

        await terminal.Live(Draw()).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
        {
            drawing.Redraw = () => live.UpdateTarget(Draw());
            var next = events.MoveNext(cancel);
            while (true)
            {
                // However much happens, it is drawn a few times a second, and asked for but once in between.
                var pause = Task.Delay(Redraw, cancel);
                while (await Task.WhenAny(next, pause) == next)
                {
                    if (!await next) return;
                    following.Note(events.Current);
                    next = events.MoveNext(cancel);
                }

                await pause;
                await following.CatchUpAsync();
                drawing.Redraw();
            }
        });
    }

    // On a terminal that is drawn over, trouble stands below the table.
    private sealed class Drawing
    {
        public Action Redraw { get; set; } = () => { };

        public string? Trouble { get; private set; }

        public void Lost(string why)
        {
            Trouble = why;
            Redraw();
        }

        public void Back(string what)
        {
            Trouble = null;
            Redraw();
        }
    }

    private static string Age(Google.Protobuf.WellKnownTypes.Timestamp? since, DateTime now)
    {
        if (since is null) return "-";
        // Two clocks may differ: nothing lasts less than no time.
        var age = now - since.ToDateTime();
        if (age < TimeSpan.Zero) age = TimeSpan.Zero;
        return age.ToString(age.TotalHours < 1 ? @"m\:ss" : age.TotalDays < 1 ? @"h\:mm\:ss" : @"d\.hh\:mm\:ss", CultureInfo.InvariantCulture);
    }
}
