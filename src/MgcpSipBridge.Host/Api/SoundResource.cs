using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MgcpSipBridge.Host.Api.Security;
using MgcpSipBridge.Host.Configuration;
using MgcpSipBridge.Host.Serving;
using MgcpSipBridge.Media;
using MgcpSipBridge.Relay;

namespace MgcpSipBridge.Host.Api;

/// <summary>What can be played to calls, and what was recorded of them.</summary>
internal sealed class SoundResource(IMediaRelay relay, RecordingsSection settings, AuditTrail trail, ApiAccess access) : V1.SoundService.SoundServiceBase
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
        var (page, next) = Listing.Page(files, file => $"{RecordingBegin.Of(file):yyyyMMddHHmmssfffffff} {file.Name}", Show, new ListQuery(request.PageSize, request.PageToken, request.Filter, request.OrderBy));
        return new V1.ListRecordingsResponse { Recordings = { page }, NextPageToken = next };
    }));

    public override async Task DownloadRecording(V1.DownloadRecordingRequest request, IServerStreamWriter<V1.DownloadRecordingResponse> responses, ServerCallContext context)
    {
        var file = Find(request.Recording);
        await using var stream = Reading(() => new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, useAsync: true));
        await trail.DidAsync(context, "download", "recordings/" + file.Name);
        var http = context.GetHttpContext();
        var piece = new byte[PieceBytes];
        while (true)
        {
            var length = await Reading(() => stream.ReadAsync(piece, context.CancellationToken));
            if (length == 0) return;
            // A stream is as good as the token that opened it.
            if (!access.StillMay(http, ApiRole.Operator)) throw ApiErrors.CredentialWithdrawn();
            // Waits until the client has taken those before: no more than one is held for it.
            await responses.WriteAsync(new V1.DownloadRecordingResponse { Data = ByteString.CopyFrom(piece, 0, length) }, context.CancellationToken);
        }
    }

    public override async Task<Empty> DeleteRecording(V1.DeleteRecordingRequest request, ServerCallContext context)
    {
        var file = Find(request.Recording);
        if (relay.IsRecording(file.Name)) throw ApiErrors.NotNow("RECORDING_UNDER_WAY", $"recording {file.Name} is still being made");
        Reading(() =>
        {
            file.Delete();
            RecordingMarks.Delete(file.FullName);
            return file;
        });
        await trail.DidAsync(context, "delete", "recordings/" + file.Name);
        return new Empty();
    }

    // The relay's names, a number and what kind of file it is: nothing else in the folder is shown, and no name leads out of it.
    private static bool IsRecording(string name) =>
        Path.GetExtension(name) is (".wav" or ".pcap") and var kind && name[..^kind.Length] is { Length: > 0 and <= 20 } number && number.All(char.IsAsciiDigit);

    private static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FileNotFoundException e)
        {
            // It was deleted at this moment.
            throw ApiErrors.NotFound($"recording {Path.GetFileName(e.FileName)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    private static async ValueTask<int> Reading(Func<ValueTask<int>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    private static RpcException Unreadable(Exception e) => ApiErrors.Unavailable("RECORDINGS_UNAVAILABLE", $"Recordings:Folder: {e.Message}");

    private V1.Recording Show(FileInfo file)
    {
        // In this order: what stands beside the file is final once it is no longer being made.
        var underWay = relay.IsRecording(file.Name);
        var fault = underWay ? RecordingFault.None : RecordingMarks.Of(file.FullName);
        return new V1.Recording
        {
            Name = file.Name,
            SizeBytes = file.Exists ? file.Length : 0,
            CreateTime = Timestamp.FromDateTime(RecordingBegin.Of(file)),
            UpdateTime = Timestamp.FromDateTime(file.LastWriteTimeUtc),
            UnderWay = underWay,
            Failure = fault switch
            {
                RecordingFault.None => V1.Recording.Types.Failure.Unspecified,
                RecordingFault.Interrupted => V1.Recording.Types.Failure.Interrupted,
                _ => V1.Recording.Types.Failure.Disk,
            },
        };
    }

    private FileInfo Find(string name) =>
        settings.Folder is { } folder && IsRecording(name) && new FileInfo(Path.Combine(folder, name)) is { Exists: true } file ? file : throw ApiErrors.NotFound($"recording {name}");
}
