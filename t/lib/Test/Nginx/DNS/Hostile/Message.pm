package Test::Nginx::DNS::Hostile::Message;

# Messages of hostile clients and servers, by perl's rand(): srand() makes
# them the same again.
#
#   hostile_query()         (ID, bytes): a query, right or spoiled
#   learn_cookie($bytes)    of a response: later queries may have its cookie
#   hostile_answers($query, $tcp)
#                           what a server makes of it: a list of messages
#   pointer_chain($size, %options)
#                           a message of so many octets whose names are chains
#                           of pointers, as long as they can be; options:
#                           id, flags, question (bytes), direct => 1: the same
#                           without jumping along the chains
#   chain_question($name)   for it
#   plain_answer($query)    one with an A record
#
# What a server does is also in the first label of a name, so that a client
# can ask for it: big-, huge-, chain-, tc-, silent-, break-.

use warnings;
use strict;

use Exporter qw/ import /;

use Test::Nginx::DNS::Message qw/ encode_name /;

our @EXPORT = qw/ hostile_query learn_cookie hostile_answers pointer_chain plain_answer
                  chain_question name_of type_of pick spoil /;

my @words = qw/ big huge chain tc silent break a b c /;
my @zones = qw/ hostile.test sub.hostile.test tcp.test tls.test /;
my @types = (1, 1, 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 43, 46, 65, 251, 252,
             255, 0);


sub pick { $_[int rand @_] }


sub octets { join '', map { chr int rand 256 } 1 .. $_[0] }


sub name {
    return encode_name(join '.', (map { octets_label() }
                                  1 .. 1 + rand 20)) if rand() < 0.05;

    return encode_name(pick(@words) . '-' . int(rand 500) . '.'
                       . pick(@zones));
}


sub octets_label {
    return join '', map { sprintf '\\%03d', rand 256 } 1 .. 1 + rand 10;
}


sub hostile_query {
    my $id = int rand 65536;
    my $flags = rand() < 0.8 ? 0x0100 : int rand 65536;
    my $n = rand() < 0.95 ? 1 : pick(0, 2, 3, 65535);
    my $q = name();

    $q =~ s/([a-z])/rand() < 0.5 ? uc $1 : $1/ge if rand() < 0.2;

    my $edns = rand() < 0.6 ? opt() : '';
    my $more = rand() < 0.03 ? opt() : '';

    my $m = pack('n6', $id, $flags, $n, 0, 0, ($edns ? 1 : 0)
                 + ($more ? 1 : 0)) . $q
            . pack('n2', pick(@types), rand() < 0.95 ? 1 : int rand 65536)
            . $edns . $more;

    return ($id, pointer_chain(100 + int rand 1900)) if rand() < 0.02;

    $m = spoil($m) if rand() < 0.3;

    return ($id, $m);
}


# An OPT record, its options right or wrong

sub opt {
    my $options = join '', map { option() } 1 .. pick(0, 1, 1, 2, 5);

    substr($options, int rand length $options) = ''
        if $options ne '' && rand() < 0.1;

    my $size = rand() < 0.9 ? length $options : int rand 65536;

    return (rand() < 0.97 ? "\0" : name())
           . pack('nnCCnn', 41, pick(0, 512, 1232, 4096, 65535),
                  rand() < 0.9 ? 0 : int rand 256,
                  rand() < 0.9 ? 0 : int rand 256,
                  pick(0, 0x8000, int rand 65536), $size) . $options;
}


sub option {
    my ($code, $data) = @{pick(
        [ 3, '' ],
        [ 8, pack('nCC', pick(0, 1, 1, 1, 2, 2, 7), int rand 140,
                  pick(0, 0, 0, 24, int rand 256)) . octets(int rand 18) ],
        [ 8, pack('nCCa3', 1, 24, 0, octets(3)) ],
        [ 8, pack('nCCa7', 2, 56, 0, octets(7)) ],
        [ 10, cookie() ],
        [ 10, octets(pick(8, 8, 16, 24, 40, int rand 60)) ],
        [ 11, octets(pick(0, 0, 2, 2, int rand 5)) ],
        [ 12, "\0" x int rand 500 ],
        [ 15, pack('n', int rand 30) . octets(int rand 40) ],
        [ int rand 65536, octets(int rand 50) ],
    )};

    return pack('nn', $code, rand() < 0.95 ? length $data : int rand 65536)
           . $data;
}


# One that nginx has made, whole or with one bit that is another

my $cookie = '';

sub learn_cookie {
    $cookie = $1 if $_[0] =~ /\x00\x0a\x00\x18(.{8}\x01\0\0\0.{12})/s;
}


sub cookie {
    my $data = $cookie;

    vec($data, int rand 8 * length $data, 1) ^= 1
        if length $data && rand() < 0.5;

    return $data;
}


# One to three kinds of damage

sub spoil {
    my ($m) = @_;

    for (1 .. 1 + rand 3) {
        my $len = length $m or last;
        my $at = int rand $len;

        pick(
            sub { vec($m, $at * 8 + int rand 8, 1) ^= 1 },
            sub { substr($m, $at) = '' },
            sub { $m .= octets(int rand 200) },
            sub { substr($m, $at, 1) = chr int rand 256 },
            sub { substr($m, 4 + 2 * int rand 4, 2) = pack 'n',
                      pick(0, 1, 2, 255, 65535) if $len >= 12 },
            sub { substr($m, $at, 2) = pack 'n', 0xc000 | int rand $len },
            sub { substr($m, $at, 2) = pack 'n', 0xc000 | $at },
            sub { substr($m, 12) = octets($len - 12) if $len > 12 },
        )->();
    }

    return $m;
}


# Pointers to pointers, in the data of a record of an unknown type: each makes
# a name that is one jump longer.  The names of the records after it jump over
# all of them.  An offset has 14 bits.

sub pointer_chain {
    my ($size, %o) = @_;

    my $question = $o{question} // chain_question('chain.hostile.test');
    my $start = 12 + length($question) + 11;
    my $jumps = int(($size - $start - 2) / 4);

    $jumps = 8000 if $jumps > 8000;
    $jumps = 1 if $jumps < 1;

    my $records = int(($size - $start - 2 - 2 * $jumps) / 12);

    $records = 0 if $records < 0;

    my $chain = "\0\0" . join '', map {
        pack 'n', 0xc000 | ($_ ? $start + 2 * $_ : $start)
    } 0 .. $jumps - 1;
    my $last = $o{direct} ? $start : $start + 2 * $jumps;

    # in a response they are answers, in a query additional records

    my $flags = $o{flags} // 0x0100;
    my @counts = $flags & 0x8000 ? (1 + $records, 0, 0)
                                 : (0, 0, 1 + $records);

    return pack('n6', $o{id} // int rand 65536, $flags, 1, @counts)
           . $question
           . "\0" . pack('nnNn/a*', 65280, 1, 60, $chain)
           . (pack('n', 0xc000 | $last) . pack('nnNn', 65281, 1, 60, 0))
             x $records;
}


sub chain_question { encode_name($_[0]) . pack 'n2', 1, 1 }


# ------------------------------------------------------------------- servers

sub question {
    my ($query) = @_;

    my $at = 12;

    while ($at < length $query && (my $n = ord substr $query, $at, 1)) {
        return '' if $n > 63;
        $at += 1 + $n;
    }

    return length($query) >= $at + 5 ? substr($query, 12, $at - 7) : '';
}


sub name_of { lc((question($_[0]) =~ /^.(\w+)/s)[0] // '') }
sub type_of { my $q = question($_[0]); $q eq '' ? 0 : unpack 'n', substr $q, -4 }


sub respond {
    my ($query, $flags, @rr) = @_;

    return pack('n6', unpack('n', $query), 0x8180 | $flags, 1, scalar @rr,
                0, 0) . question($query) . join '', @rr;
}


sub rr {
    my ($type, $data, $ttl) = @_;

    return "\xc0\x0c" . pack('nnNn/a*', $type, 1, $ttl // pick(0, 1, 5, 60),
                             $data);
}


sub plain_answer { respond($_[0], 0, rr(1, pack 'C4', 192, 0, 2, 1)) }


sub hostile_answers {
    my ($query, $tcp) = @_;

    return () if length $query < 12;

    my ($word) = name_of($query) =~ /^([a-z]+)/;

    $word = '' if !defined $word || rand() < 0.1;

    return () if $word eq 'silent';
    return transfer($query, $word) if type_of($query) =~ /^25[12]$/;

    return respond($query, 0x0200)
        if !$tcp && $word =~ /^(?:tc|big|huge)$/;
    return respond($query, 0, map { rr(16, chr(255) . octets(255)) } 1 .. 225)
        if $word eq 'big' || $word eq 'huge';
    return pointer_chain($tcp ? 20000 : 1400 + int rand 3000,
                         id => unpack('n', $query), flags => 0x8180,
                         question => question($query))
        if $word eq 'chain' && rand() < 0.05;

    my $m = pick(
        sub { plain_answer($query) },
        sub { plain_answer($query) },
        sub { respond($query, 0, map { rr(1, octets(4)) } 1 .. 1 + rand 30) },
        sub { respond($query, pick(1 .. 10, 15)) },
        sub { respond($query, 0, rr(5, name()), rr(1, octets(4))) },
        sub { respond($query, 0, rr(pick(@types), octets(int rand 100))) },
        sub { my $a = plain_answer($query); my $o = opt();
              substr($a, 10, 2) = pack 'n', 1; $a . $o },
        sub { pointer_chain(200 + int rand 1000, flags => 0x8180) },
        sub { respond($query, 0x0200, rr(1, octets(4))) },
    )->();

    $m = spoil($m) if rand() < 0.2;
    substr($m, 0, 2) = octets(2) if rand() < 0.05;

    return ($m) x (rand() < 0.95 ? 1 : 2);
}


# Zones that end as they should, too early, or never

sub transfer {
    my ($query, $word) = @_;

    my $soa = rr(6, encode_name('ns.test') . encode_name('root.test')
                    . pack('N5', 1, 3600, 600, 86400, 60), 60);
    my $most = $word eq 'big' || $word eq 'huge' ? 50 : 3;
    my @messages = (respond($query, 0, $soa, rr(1, octets(4))),
                    map { respond($query, 0, map { rr(16, chr(200)
                              . octets(200)) } 1 .. pick(1, 20, 200)) }
                    1 .. rand $most);

    return $messages[0] if $word eq 'break';

    push @messages, respond($query, 0, $soa) if rand() < 0.7;
    $messages[-1] = spoil($messages[-1]) if rand() < 0.2;

    return @messages;
}


1;
