using System.Runtime.InteropServices;

namespace MgcpSipBridge.Relay;

/// <summary>The kernel's bpf(2), as far as the fast path needs it: maps, one program, and its place at an interface. No library stands between.</summary>
internal static unsafe partial class Bpf
{
    public const uint Hash = 1; // BPF_MAP_TYPE_HASH
    public const uint Array = 2; // BPF_MAP_TYPE_ARRAY
    public const uint Mappable = 1 << 10; // BPF_F_MMAPABLE
    public const uint OnDemand = 1; // BPF_F_NO_PREALLOC

    private const int MapCreate = 0;
    private const int MapUpdate = 2;
    private const int MapDelete = 3;
    private const int ProgramLoad = 5;
    private const int ObjectInfo = 15; // BPF_OBJ_GET_INFO_BY_FD
    private const int LinkCreate = 28;
    private const uint TrafficControl = 3; // BPF_PROG_TYPE_SCHED_CLS
    private const uint TcxIngress = 46; // BPF_TCX_INGRESS
    private const int NameBytes = 16;
    private const int LogBytes = 1 << 16;

    private static readonly nint Number = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 321 : 280;

    /// <summary>Makes a map; below zero: why not.</summary>
    public static int CreateMap(uint type, int keyBytes, int valueBytes, int entries, uint flags, string name)
    {
        var attributes = stackalloc byte[MapAttributes.Bytes];
        new Span<byte>(attributes, MapAttributes.Bytes).Clear();
        *(MapAttributes*)attributes = new() { Type = type, KeyBytes = (uint)keyBytes, ValueBytes = (uint)valueBytes, Entries = (uint)entries, Flags = flags };
        WriteName(name, attributes + MapAttributes.NameAt);
        return Call(MapCreate, attributes, MapAttributes.Bytes);
    }

    /// <summary>Loads a program of traffic control; below zero: why not, with what the verifier said in <paramref name="log"/>.</summary>
    public static int LoadProgram(ReadOnlySpan<ulong> instructions, string name, out string log)
    {
        var said = new byte[LogBytes];
        fixed (ulong* code = instructions)
        fixed (byte* license = "Dual MIT/GPL\0"u8)
        fixed (byte* text = said)
        {
            var attributes = stackalloc byte[ProgramAttributes.Bytes];
            new Span<byte>(attributes, ProgramAttributes.Bytes).Clear();
            var program = (ProgramAttributes*)attributes;
            *program = new() { Type = TrafficControl, Count = (uint)instructions.Length, Instructions = (ulong)code, License = (ulong)license };
            WriteName(name, attributes + ProgramAttributes.NameAt);
            var fd = Call(ProgramLoad, attributes, ProgramAttributes.Bytes);
            if (fd < 0 && fd != -Libc.NotPermitted)
            {
                // Once more, so that it says what it does not like.
                (program->LogLevel, program->LogBytes, program->Log) = (1, LogBytes, (ulong)text);
                fd = Call(ProgramLoad, attributes, ProgramAttributes.Bytes);
            }

            log = System.Text.Encoding.ASCII.GetString(said.AsSpan(0, Math.Max(0, said.AsSpan().IndexOf((byte)0)))).Trim();
            return fd;
        }
    }

    /// <summary>Puts a program before everything that an interface receives, until the descriptor is closed; below zero: why not.</summary>
    public static int Attach(int program, int interfaceIndex)
    {
        var attributes = stackalloc uint[16];
        new Span<uint>(attributes, 16).Clear();
        (attributes[0], attributes[1], attributes[2]) = ((uint)program, (uint)interfaceIndex, TcxIngress);
        return Call(LinkCreate, attributes, 16 * sizeof(uint));
    }

    /// <summary>The interface at which a link holds its program; 0 when others have taken the program away or the interface is gone, below zero: why it is not told.</summary>
    public static int InterfaceOf(int link)
    {
        const int InterfaceAt = 4; // struct bpf_link_info of linux/bpf.h, in words: type, id, prog_id, padding, tcx.ifindex
        var info = stackalloc uint[16];
        new Span<uint>(info, 16).Clear();
        var attributes = new InfoAttributes { Object = (uint)link, Bytes = 16 * sizeof(uint), Info = (ulong)info };
        var result = Call(ObjectInfo, &attributes, sizeof(InfoAttributes));
        return result < 0 ? result : (int)info[InterfaceAt];
    }

    /// <summary>Writes an entry of a map; false when it is full.</summary>
    public static bool Update(int map, void* key, void* value)
    {
        var attributes = new ElementAttributes { Map = (uint)map, Key = (ulong)key, Value = (ulong)value };
        return Call(MapUpdate, &attributes, sizeof(ElementAttributes)) >= 0;
    }

    /// <summary>Takes an entry out of a map.</summary>
    public static void Delete(int map, void* key)
    {
        var attributes = new ElementAttributes { Map = (uint)map, Key = (ulong)key };
        _ = Call(MapDelete, &attributes, sizeof(ElementAttributes));
    }

    private static int Call(int command, void* attributes, int bytes)
    {
        var result = Libc.SystemCall(Number, command, attributes, bytes);
        return result < 0 ? -Libc.LastError : (int)result;
    }

    private static void WriteName(string name, byte* to) => System.Text.Encoding.ASCII.GetBytes(name, new Span<byte>(to, NameBytes - 1));

    // union bpf_attr of linux/bpf.h, the members of each command.
    private struct MapAttributes
    {
        public const int NameAt = 28;
        public const int Bytes = NameAt + NameBytes;

        public uint Type, KeyBytes, ValueBytes, Entries, Flags;
    }

    private struct ProgramAttributes
    {
        public const int NameAt = 48;
        public const int Bytes = 72;

        public uint Type, Count;
        public ulong Instructions, License;
        public uint LogLevel, LogBytes;
        public ulong Log;
    }

    private struct InfoAttributes
    {
        public uint Object, Bytes;
        public ulong Info;
    }

    private struct ElementAttributes
    {
        public uint Map;
        public uint Unused;
        public ulong Key, Value, Flags;
    }
}
