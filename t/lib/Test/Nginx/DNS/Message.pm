package Test::Nginx::DNS::Message;

# DNS messages for tests: builds what it is told to, right or wrong, and
# parses what it gets.  Plain perl, so that a test depends on no library
# that has an opinion of its own about what may be sent.
#
#   encode(id => 1, flags => 0x0100, question => [ 'a.test', 'A', 'IN' ],
#          answers => [ [ 'a.test', 'A', 60, '192.0.2.1' ], ... ],
#          edns => { size => 1232, do => 1, options => [ [ 10, $bytes ] ] })
#
#   decode($bytes)      a hash, see there; undef if it is no message

use warnings;
use strict;

use Exporter qw/ import /;
use Socket qw/ inet_pton inet_ntop AF_INET AF_INET6 /;

our @EXPORT_OK = qw/ encode decode encode_name encode_question type_code
                     type_name rcode_code rcode_name class_code /;

my %types = (A => 1, NS => 2, CNAME => 5, SOA => 6, PTR => 12, HINFO => 13,
    MX => 15, TXT => 16, AAAA => 28, SRV => 33, OPT => 41, DS => 43, RRSIG => 46,
    SVCB => 64, HTTPS => 65, IXFR => 251, AXFR => 252, ANY => 255);
my %type_names = reverse %types;

my %classes = (IN => 1, CH => 3, HS => 4, NONE => 254, ANY => 255);
my %class_names = reverse %classes;

my %rcodes = (NOERROR => 0, FORMERR => 1, SERVFAIL => 2, NXDOMAIN => 3,
    NOTIMP => 4, REFUSED => 5, YXDOMAIN => 6, NOTAUTH => 9, BADVERS => 16,
    BADCOOKIE => 23);
my %rcode_names = reverse %rcodes;


sub type_code { code(\%types, 'TYPE', $_[0]) }
sub type_name { $type_names{$_[0]} // "TYPE$_[0]" }
sub class_code { code(\%classes, 'CLASS', $_[0]) }
sub class_name { $class_names{$_[0]} // "CLASS$_[0]" }
sub rcode_code { code(\%rcodes, 'RCODE', $_[0]) }
sub rcode_name { $rcode_names{$_[0]} // "RCODE$_[0]" }


sub code {
    my ($table, $prefix, $name) = @_;

    return $table->{uc $name} if exists $table->{uc $name};
    return $1 if $name =~ /^(?:$prefix)?(\d+)$/i;

    die "unknown $prefix \"$name\"";
}


# "\." and "\ddd" are understood

sub encode_name {
    my ($name) = @_;

    return "\0" if $name eq '' || $name eq '.';

    my $wire = '';

    for my $label ($name =~ /((?:\\\d{3}|\\.|[^.\\])+)/gs) {
        $label =~ s/\\(\d{3}|.)/length $1 == 3 ? chr $1 : $1/gse;
        $wire .= pack('C/a*', $label);
    }

    return "$wire\0";
}


sub encode_question {
    my ($name, $type, $class) = @_;

    return encode_name($name)
           . pack('nn', type_code($type // 'A'), class_code($class // 'IN'));
}


sub encode_record {
    my ($name, $type, $ttl, $data, $class) = @_;

    my $rdata = ref $data ? $$data                  # raw bytes
              : $type eq 'A' ? inet_pton(AF_INET, $data)
              : $type eq 'AAAA' ? inet_pton(AF_INET6, $data)
              : $type =~ /^(?:NS|CNAME|PTR)$/ ? encode_name($data)
              : $type eq 'TXT' ? join('', map { pack 'C/a*', $_ }
                                          $data =~ /(.{1,255})/gs)
              : $type eq 'SOA' ? encode_soa($data)
              : $data;

    return encode_name($name) . pack('nnNn/a*', type_code($type),
                                     class_code($class // 'IN'), $ttl, $rdata);
}


sub encode_soa {
    my ($mname, $rname, @numbers) = split ' ', $_[0];

    return encode_name($mname) . encode_name($rname) . pack('N5', @numbers);
}


sub encode {
    my (%m) = @_;

    my $question = $m{question};
    my $wire = ref $question eq 'ARRAY' ? encode_question(@$question)
             : $question // '';                     # raw bytes

    my %count = (qd => $wire ne '' ? 1 : 0);

    for my $section (qw/ answers authority additional /) {
        for my $record (@{$m{$section} // []}) {
            $wire .= ref $record ? encode_record(@$record) : $record;
            $count{$section}++;
        }
    }

    if ($m{edns}) {
        my %e = ref $m{edns} ? %{$m{edns}} : (size => $m{edns});

        $wire .= pack('CnnCCnn/a*', 0, 41, $e{size} // 1232,
            ($m{rcode} // 0) >> 4, $e{version} // 0,
            $e{flags} // ($e{do} ? 0x8000 : 0),
            join('', map { pack 'nn/a*', @$_ } @{$e{options} // []}));
        $count{additional}++;
    }

    my $flags = ($m{flags} // 0) | (($m{rcode} // 0) & 15);

    return pack('n6', $m{id} // 0, $flags, $m{qdcount} // $count{qd},
                $count{answers} // 0, $count{authority} // 0,
                $count{additional} // 0) . $wire;
}


# What decode() gives:
#
#   id flags qr opcode aa tc rd ra ad cd rcode      rcode is a name
#   qdcount, qname (lower case), qname_raw, qtype, qclass,
#   question        the bytes of the question section
#   answers, authority, additional
#                   lists of { name, type, class, ttl, rdata, data }
#   edns            undef or { size, version, do, flags, options => [ [
#                   code, data ], ... ] }
#   ede             undef or { code, text }
#   raw, size

sub decode {
    my ($bytes) = @_;

    return undef if length $bytes < 12;

    my ($id, $flags, @count) = unpack 'n6', $bytes;

    my %m = (
        raw => $bytes, size => length $bytes, id => $id, flags => $flags,
        qr => $flags >> 15 & 1, opcode => $flags >> 11 & 15,
        aa => $flags >> 10 & 1, tc => $flags >> 9 & 1,
        rd => $flags >> 8 & 1, ra => $flags >> 7 & 1,
        ad => $flags >> 5 & 1, cd => $flags >> 4 & 1,
        qdcount => $count[0], question => '',
        answers => [], authority => [], additional => [],
    );

    my $rcode = $flags & 15;
    my $pos = 12;

    for (1 .. $count[0]) {
        (my $name, my $next) = decode_name($bytes, $pos);

        return undef if !defined $name || $next + 4 > length $bytes;

        my ($type, $class) = unpack "x$next nn", $bytes;

        @m{qw/ qname qname_raw qtype qclass /}
            = (lc $name, $name, type_name($type), class_name($class));
        $m{question} .= substr $bytes, $pos, $next + 4 - $pos;
        $pos = $next + 4;
    }

    for my $section (qw/ answers authority additional /) {
        shift @count;

        for (1 .. $count[0]) {
            (my $record, $pos) = decode_record($bytes, $pos);

            return undef if !$record;

            if ($record->{type} eq 'OPT') {
                $m{edns} = decode_opt($record);
                $rcode |= $record->{ttl} >> 24 << 4;

            } else {
                push @{$m{$section}}, $record;
            }
        }
    }

    for my $option (@{$m{edns} ? $m{edns}{options} : []}) {
        next if $option->[0] != 15 || length $option->[1] < 2;

        my ($code, $text) = unpack 'na*', $option->[1];
        $m{ede} = { code => $code, text => $text };
    }

    $m{rcode} = rcode_name($rcode);
    $m{trailing} = length($bytes) - $pos;

    return \%m;
}


sub decode_name {
    my ($bytes, $pos) = @_;

    my ($name, $next, $jumps) = ('', undef, 0);

    for ( ;; ) {
        return if $pos >= length $bytes;

        my $len = ord substr $bytes, $pos, 1;

        if ($len >= 192) {
            return if $pos + 2 > length $bytes || $jumps++ > 64;

            $next //= $pos + 2;
            $pos = unpack("x$pos n", $bytes) & 0x3fff;
            next;
        }

        return if $len > 63 || $pos + 1 + $len > length $bytes;
        last if $len == 0;

        my $label = substr $bytes, $pos + 1, $len;

        $label =~ s/([.\\])/\\$1/g;
        $label =~ s/([^!-~])/sprintf '\\%03d', ord $1/ge;
        $name .= $name eq '' ? $label : ".$label";
        $pos += 1 + $len;
    }

    return ($name eq '' ? '.' : $name, $next // $pos + 1);
}


sub decode_record {
    my ($bytes, $pos) = @_;

    my ($name, $next) = decode_name($bytes, $pos);

    return if !defined $name || $next + 10 > length $bytes;

    my ($type, $class, $ttl, $len) = unpack "x$next nnNn", $bytes;
    my $start = $next + 10;

    return if $start + $len > length $bytes;

    my $rdata = substr $bytes, $start, $len;
    my $data = $type == 1 && $len == 4 ? inet_ntop(AF_INET, $rdata)
             : $type == 28 && $len == 16 ? inet_ntop(AF_INET6, $rdata)
             : $type == 2 || $type == 5 || $type == 12
                   ? (decode_name($bytes, $start))[0]
             : $type == 6 ? decode_soa($bytes, $start)
             : $type == 16 ? join('', unpack '(C/a)*', $rdata)
             : unpack('H*', $rdata);

    return ({ name => lc $name, type => type_name($type), class => $class,
              ttl => $ttl, rdata => $rdata, data => $data },
            $start + $len);
}


sub decode_soa {
    my ($bytes, $pos) = @_;

    (my $mname, $pos) = decode_name($bytes, $pos);
    (my $rname, $pos) = decode_name($bytes, $pos) if defined $mname;

    return 'MALFORMED' if !defined $rname || $pos + 20 > length $bytes;
    return join ' ', $mname, $rname, unpack "x$pos N5", $bytes;
}


sub decode_opt {
    my ($record) = @_;

    my @options;
    my $rest = $record->{rdata};

    while (length $rest >= 4) {
        my ($code, $data) = unpack 'nn/a', $rest;

        push @options, [ $code, $data ];
        substr $rest, 0, 4 + length $data, '';
    }

    return { size => $record->{class}, version => $record->{ttl} >> 16 & 255,
             do => $record->{ttl} >> 15 & 1, flags => $record->{ttl} & 65535,
             options => \@options };
}


1;
