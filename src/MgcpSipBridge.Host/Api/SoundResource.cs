using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Serving;

namespace MgcpSipBridge.Host.Api;

/// <summary>What can be played to calls, and what was recorded of them.</summary>
internal sealed class SoundResource(IMediaRelay relay, RecordingsSection settings, AuditTrail trail) : V1.SoundService.SoundServiceBase
{
    private const int PieceBytes = 65_536;

    public override Task<V1.ListSoundsResponse> ListSounds(V1.ListSoundsRequest request, ServerCallContext context)
    {
        var (page, next) = Listing.Page(relay.Sounds, sound => sound.Name, sound => new V1.Announcement { Name = sound.Name, Length = Duration.FromTimeSpan(sound.Length) },
            new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy));
        return Task.FromResult(new V1.ListSoundsResponse { Sounds = { page }, NextPageToken = next });
    }

    public override Task<V1.ListRecordingsResponse> ListRecordings(V1.ListRecordingsRequest request, ServerCallContext context) => Task.FromResult(Reading(() =>
    {
        var files = settings.Folder is { } folder ? new DirectoryInfo(folder).EnumerateFiles().Where(file => IsRecording(file.Name)) : [];
        // Their numbers grow.
        var (page, next) = Listing.Page(files, file => file.Name.PadLeft(40, '0'), Show, new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy));
        return new V1.ListRecordingsResponse { Recordings = { page }, NextPageToken = next };
    }));

    public override async Task DownloadRecording(V1.DownloadRecordingRequest request, IServerStreamWriter<V1.DownloadRecordingResponse> responses, ServerCallContext context)
    {
        var file = Find(request.Recording);
        await using var stream = Reading(() => new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, useAsync: true));
        trail.Did(context, "download", "recordings/" + file.Name);
        var piece = new byte[PieceBytes];
        while (true)
        {
            var length = await stream.ReadAsync(piece, context.CancellationToken);
            if (length == 0) return;
            // Waits until the client has taken those before: no more than one is held for it.
            await responses.WriteAsync(new V1.DownloadRecordingResponse { Data = ByteString.CopyFrom(piece, 0, length) }, context.CancellationToken);
        }
    }

    public override Task<Empty> DeleteRecording(V1.DeleteRecordingRequest request, ServerCallContext context)
    {
        var file = Find(request.Recording);
        if (relay.IsRecording(file.Name)) throw ApiErrors.NotNow("RECORDING_UNDER_WAY", $"recording {file.Name} is still being made");
        Reading(() =>
        {
            file.Delete();
            return file;
        });
        trail.Did(context, "delete", "recordings/" + file.Name);
        return Task.FromResult(new Empty());
    }

    // The relay's names, a number and what kind of file it is: nothing else in the folder is shown, and no name leads out of it.
    private static bool IsRecording(string name) =>
        Path.GetExtension(name) is ".wav" or ".pcap" && Path.GetFileNameWithoutExtension(name) is { Length: > 0 and <= 20 } number && number.All(char.IsAsciiDigit);

    private static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"Recordings:Folder: {e.Message}"));
        }
    }

    private V1.Recording Show(FileInfo file)
    {
        var (began, written) = (file.CreationTimeUtc, file.LastWriteTimeUtc);
        return new V1.Recording
        {
            Name = file.Name,
            SizeBytes = file.Exists ? file.Length : 0,
            // Not every file system keeps when a file was made.
            CreateTime = Timestamp.FromDateTime(began < written ? began : written),
            UpdateTime = Timestamp.FromDateTime(written),
            UnderWay = relay.IsRecording(file.Name),
        };
    }

    private FileInfo Find(string name) =>
        settings.Folder is { } folder && IsRecording(name) && new FileInfo(Path.Combine(folder, name)) is { Exists: true } file ? file : throw EngineAnswers.NotFound($"recording {name}");
}
