package Test::Nginx::DNS::Stream;

# A client's connection over TCP or TLS.
#
#   my $s = dns_connect($port, %options);
#
#   addr => '127.0.0.1', from => '127.0.0.5'
#   tls => 1 | { SSL_... => ... }   IO::Socket::SSL's options; without any
#                                   the certificate is not looked at
#   before => $bytes                sent first, and before a TLS handshake
#   rcvbuf => SIZE
#
#   $s->write($bytes)               these bytes; false if it is closed
#   $s->send([ $name, $type, %options ], ...)
#                                   queries, each with its length, in one
#                                   write; options as of encode(), and id;
#                                   returns their IDs
#   $s->message($seconds)           the next answer, its bytes; undef if there
#                                   is none in time (3 s)
#   $s->answer($seconds)            the same, decoded
#   $s->closed($seconds)            waits for the end: true if there was one
#   $s->shutdown                    sends no more
#   $s->close
#
#   frame($bytes)                   with its length in front
#   tls_certificate($t)             makes cert.pem and key.pem for localhost

use warnings;
use strict;

use Exporter qw/ import /;
use IO::Select;
use IO::Socket::IP;
use Socket qw/ SOL_SOCKET SO_RCVBUF IPPROTO_TCP TCP_NODELAY /;
use Time::HiRes qw/ time /;

use Test::Nginx::DNS::Message qw/ encode decode /;

our @EXPORT = qw/ dns_connect frame tls_certificate /;


sub dns_connect {
    my ($port, %o) = @_;

    my $socket = IO::Socket::IP->new(
        Proto => 'tcp', PeerHost => $o{addr} // '127.0.0.1',
        PeerPort => $port, Timeout => 5,
        $o{rcvbuf} ? (Sockopts => [ [ SOL_SOCKET, SO_RCVBUF, $o{rcvbuf} ] ])
                   : (),
        $o{from} ? (LocalHost => $o{from}) : ())
        // die "cannot connect to port $port: $@\n";

    $socket->blocking(1);
    $socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);

    my $self = bless { socket => $socket, in => '' }, __PACKAGE__;

    $self->write($o{before}) if defined $o{before};

    if ($o{tls}) {
        require IO::Socket::SSL;

        my %ssl = ref $o{tls} ? %{$o{tls}} : (SSL_verify_mode => 0);

        IO::Socket::SSL->start_SSL($socket, Timeout => 5, %ssl)
            or return undef;
    }

    return $self;
}


sub tls_certificate {
    my ($t) = @_;

    my $dir = $t->testdir();

    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
           . " -nodes -days 3 -subj /CN=localhost"
           . " -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1'"
           . " -keyout $dir/key.pem -out $dir/cert.pem 2>$dir/openssl.out")
        == 0 or die "cannot make a certificate\n";
}


sub frame { pack('n/a*', $_[0]) }


sub write {
    my ($self, $bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';

    while (length $bytes) {
        my $n = $self->{socket}->syswrite($bytes) // return 0;
        substr($bytes, 0, $n) = '';
    }

    return 1;
}


sub send {
    my ($self, @queries) = @_;

    my ($bytes, @ids) = ('');

    for (@queries) {
        my ($name, $type, %o) = @$_;

        push @ids, $o{id} // int rand 65536;
        $bytes .= frame(encode(flags => 0x0100, %o, id => $ids[-1],
                               question => [ $name, $type, $o{class} ]));
    }

    $self->write($bytes);

    return wantarray ? @ids : $ids[0];
}


sub message {
    my ($self, $seconds) = @_;

    my $end = time() + ($seconds // 3);

    for ( ;; ) {
        if (length $self->{in} >= 2) {
            my $len = unpack('n', $self->{in});

            if (length $self->{in} >= 2 + $len) {
                my $message = substr($self->{in}, 2, $len);
                substr($self->{in}, 0, 2 + $len) = '';
                return $message;
            }
        }

        $self->read($end) or return undef;
    }
}


sub answer {
    my ($self, $seconds) = @_;

    my $message = $self->message($seconds) // return undef;

    return decode($message);
}


sub closed {
    my ($self, $seconds) = @_;

    my $end = time() + ($seconds // 3);

    while ($self->read($end)) { }

    return $self->{eof};
}


sub shutdown {
    my ($self) = @_;

    if ($self->{socket}->isa('IO::Socket::SSL')) {
        # close_notify alone; what comes after it is still read
        $self->{socket}->stop_SSL(SSL_fast_shutdown => 1, SSL_no_shutdown => 0);
    }

    $self->{socket}->shutdown(1);
}


sub close { close $_[0]->{socket} }


# false at the end and when time is over

sub read {
    my ($self, $end) = @_;

    my $socket = $self->{socket};
    my $left = $end - time();

    my $pending = $socket->isa('IO::Socket::SSL') && $socket->pending();

    return 0 if $left <= 0 || $self->{eof};
    return 0 if !$pending && !IO::Select->new($socket)->can_read($left);

    my $n = $socket->sysread(my $bytes, 65536);

    if (!$n) {
        $self->{eof} = 1;
        return 0;
    }

    $self->{in} .= $bytes;

    return 1;
}


1;
