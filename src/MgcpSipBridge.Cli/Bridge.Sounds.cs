using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>What can be played to calls, and what was recorded of them.</content>
internal sealed partial class Bridge
{
    private SoundService.SoundServiceClient Recorded => new(invoker);

    /// <summary>The announcements.</summary>
    public async Task SoundsAsync()
    {
        var all = new ListSoundsResponse();
        await PagesAsync(async token =>
        {
            var page = await Recorded.ListSoundsAsync(new ListSoundsRequest { PageSize = PageSize, PageToken = token }, cancellationToken: cancel);
            all.Sounds.Add(page.Sounds);
            return page.NextPageToken;
        });
        writer.Many(all, all.Sounds, ["NAME", "SECONDS"], s => [s.Name, s.Length.ToTimeSpan().TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)]);
    }

    /// <summary>The recordings.</summary>
    public async Task RecordingsAsync()
    {
        var all = new ListRecordingsResponse();
        await PagesAsync(async token =>
        {
            var page = await Recorded.ListRecordingsAsync(new ListRecordingsRequest { PageSize = PageSize, PageToken = token }, cancellationToken: cancel);
            all.Recordings.Add(page.Recordings);
            return page.NextPageToken;
        });
        writer.Many(all, all.Recordings, ["NAME", "BYTES", "BEGUN", "WRITTEN", "UNDER WAY", "FAILED"],
            r => [r.Name, r.SizeBytes.ToString(System.Globalization.CultureInfo.InvariantCulture), Text(r.CreateTime), Text(r.UpdateTime), r.UnderWay ? "yes" : "-", r.Failure == Recording.Types.Failure.Unspecified ? "-" : Text(r.Failure)]);
    }

    /// <summary>Fetches a recording into a file.</summary>
    public async Task DownloadAsync(string name, string into)
    {
        using var call = Recorded.DownloadRecording(new DownloadRecordingRequest { Recording = name }, cancellationToken: cancel);
        // Before there is a file: perhaps there is no such recording.
        var any = await call.ResponseStream.MoveNext(cancel);
        try
        {
            await using var file = into == "-" ? Console.OpenStandardOutput() : Create(into);
            try
            {
                for (; any; any = await call.ResponseStream.MoveNext(cancel)) await file.WriteAsync(call.ResponseStream.Current.Data.Memory, cancel);
            }
            catch when (into != "-")
            {
                // A part of it would pass for the whole, and stand in the way of the next try.
                File.Delete(into);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(e.Message);
        }
    }

    // What people said is not for everybody on the machine.
    private static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    /// <summary>Deletes a recording.</summary>
    public async Task DeleteRecordingAsync(string name)
    {
        await Recorded.DeleteRecordingAsync(new DeleteRecordingRequest { Recording = name }, cancellationToken: cancel);
        Done($"recording {name} is deleted");
    }
}
