package Test::Nginx::DNS::HTTP2;

# Queries over HTTP/2 and TLS (RFC 9113, 8484), as many at once as one likes.
#
#   my $h = http2_connect($port, %options);
#
#   settings => { 4 => 0 }          those of the client; 4: what a stream may get
#   uri => '/dns-query', from => '127.0.0.5'
#
#   $h->get($query, ...)            a stream for each, all in one write; returns
#                                   their numbers
#   $h->post($query, ...)           the same
#   $h->reset($stream, ...)         RST_STREAM, CANCEL
#   $h->grant($stream, $octets)     WINDOW_UPDATE
#   $h->response($stream, $seconds) { status => '200' | 'other', body => '...' },
#                                   undef if it has not ended in time (5 s)
#   $h->{records}                   how many records had what came so far
#   $h->{ended}                     the server has said GOAWAY
#   $h->close
#
# Header blocks are not decoded, but for ":status: 200".

use warnings;
use strict;

use Exporter qw/ import /;
use IO::Select;
use IO::Socket::IP;
use MIME::Base64 qw/ encode_base64url /;
use Time::HiRes qw/ time /;

our @EXPORT = qw/ http2_connect /;

my %type = (data => 0, headers => 1, reset => 3, settings => 4, ping => 6,
            goaway => 7, window => 8);


sub http2_connect {
    my ($port, %o) = @_;

    require IO::Socket::SSL;

    my $s = IO::Socket::SSL->new(PeerHost => '127.0.0.1', PeerPort => $port,
                                 SSL_verify_mode => 0, Timeout => 10,
                                 SSL_alpn_protocols => [ 'h2' ],
                                 $o{from} ? (LocalHost => $o{from}) : ())
        // die "cannot connect to port $port: $@\n";

    my $self = bless { socket => $s, in => '', next => 1, records => 0,
                       uri => $o{uri} // '/dns-query', streams => {} },
                     __PACKAGE__;

    my %settings = (2 => 0, %{$o{settings} // {}});

    $self->write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                 frame('settings', 0, 0, join '', map {
                     pack('n N', $_, $settings{$_}) } sort keys %settings));

    # for all streams together

    $self->grant(0, 0x40000000);

    return $self;
}


sub frame {
    my ($name, $flags, $stream, $data) = @_;

    return pack('Cn C C N', length($data) >> 16, length($data) & 0xffff,
                $type{$name}, $flags, $stream) . $data;
}


# not for the table, and not in Huffman's code; names by their number

sub literal {
    my ($n, $value) = @_;

    return ($n < 15 ? pack('C', $n) : pack('C C', 15, $n - 15))
           . (length($value) < 127 ? pack('C', length $value)
                                   : pack('C', 127) . number(length($value) - 127))
           . $value;
}


sub number {
    my ($n) = @_;

    return $n < 128 ? pack('C', $n)
                    : pack('C', $n & 127 | 128) . number($n >> 7);
}


sub get {
    my ($self, @queries) = @_;

    my @frames = map {
        my $path = "$self->{uri}?dns=" . encode_base64url($_);

        frame('headers', 5, $self->stream(),
              "\x82\x87" . literal(4, $path) . literal(1, 'localhost'))
    } @queries;

    $self->write(@frames);

    return $self->last(@queries);
}


sub post {
    my ($self, @queries) = @_;

    my @frames = map {
        my $n = $self->stream();

        (frame('headers', 4, $n, "\x83\x87" . literal(4, $self->{uri})
               . literal(1, 'localhost') . literal(28, length $_)
               . literal(31, 'application/dns-message')),
         frame('data', 1, $n, $_))
    } @queries;

    $self->write(@frames);

    return $self->last(@queries);
}


sub stream {
    my ($self) = @_;

    $self->{streams}{$self->{next}} = { body => '' };

    return ($self->{next} += 2) - 2;
}


sub last {
    my ($self, @queries) = @_;

    my @n = map { $self->{next} - 2 * $_ } reverse 1 .. @queries;

    return wantarray ? @n : $n[0];
}


sub reset {
    my ($self, @streams) = @_;

    $self->write(map { frame('reset', 0, $_, pack('N', 8)) } @streams);
}


sub grant {
    my ($self, $stream, $octets) = @_;

    $self->write(frame('window', 0, $stream, pack('N', $octets)));
}


sub response {
    my ($self, $stream, $seconds) = @_;

    my $end = time() + ($seconds // 5);
    my $r = $self->{streams}{$stream};

    until ($r->{end}) {
        $self->read($end) or return undef;
    }

    return $r;
}


sub write {
    my ($self, @frames) = @_;

    local $SIG{PIPE} = 'IGNORE';

    $self->{socket}->syswrite(join '', @frames);
}


# a record of TLS; false at the end and when time is over

sub read {
    my ($self, $end) = @_;

    my $s = $self->{socket};
    my $left = $end - time();

    return 0 if $left <= 0;
    return 0 if !$s->pending() && !IO::Select->new($s)->can_read($left);

    $s->sysread(my $bytes, 65536) or return 0;

    $self->{records}++;
    $self->{in} .= $bytes;

    while (length $self->{in} >= 9) {
        my ($high, $low, $type, $flags, $stream) = unpack('C n C C N',
                                                          $self->{in});
        my $len = $high << 16 | $low;

        last if length $self->{in} < 9 + $len;

        $self->take($type, $flags, $stream, substr($self->{in}, 9, $len));
        substr($self->{in}, 0, 9 + $len) = '';
    }

    return 1;
}


sub take {
    my ($self, $type, $flags, $stream, $data) = @_;

    my $r = $self->{streams}{$stream} // {};

    if ($type == $type{settings} && !($flags & 1)) {
        $self->write(frame('settings', 1, 0, ''));

    } elsif ($type == $type{goaway}) {
        $self->{ended} = 1;

    } elsif ($type == $type{headers}) {
        $r->{status} = $data =~ /^[\x20-\x3f]*\x88/ ? '200' : 'other';

    } elsif ($type == $type{data}) {
        $r->{body} .= $data;

    } elsif ($type == $type{reset}) {
        @$r{qw/ status end /} = ('reset', 1);
    }

    $r->{end} = 1 if $type <= 1 && $flags & 1;
}


sub close { close $_[0]->{socket} }


1;
