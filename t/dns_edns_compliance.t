#!/usr/bin/perl

# Tests for EDNS as the public compliance test has them (plain, version 1,
# unknown options and flags, DO, truncation at 512, over TCP), in every
# combination, over UDP, TCP and TLS, and with the options that are known.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(31);

tls_certificate($t);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:32m;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       127.0.0.1:%%PORT_8853%% ssl;
    dns_hosts    %%TESTDIR%%/hosts fallthrough;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
    dns_nsid     ns1;

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    my @records = map { [ $query->{qname_raw}, 'TXT', 60, "$_" . 'x' x 200 ] }
                  1 .. 9;

    return { tc => 1, edns => 1232 } if $name =~ /^big/ && !$query->{tcp};
    return { answers => \@records, edns => 1232 } if $name =~ /^big/;

    return { a => '192.0.2.1',
             edns => $query->{edns} && { size => 1232, options =>
                 [ [ 10, 'a cookie of its own' ], [ 3, 'upstream' ] ] } };
}, tcp => 1);

$t->run();

my %port = (udp => $t->port(8053), tcp => $t->port(8053),
            tls => $t->port(8853));

# what a query may have, each with or without the others

my @parts = (
    sub { $_[0]{version} = 1 },
    sub { push @{$_[0]{options}}, [ 100, 'unknown' ] },
    sub { $_[0]{flags} |= 0x0040 },
    sub { $_[0]{flags} |= 0x8000 },
    sub { push @{$_[0]{options}}, [ 3, '' ] },
    sub { push @{$_[0]{options}}, [ 10, 'cookies!' ] },
    sub { push @{$_[0]{options}}, [ 8, pack 'nCCa3', 1, 24, 0, "\xc0\0\2" ] },
    sub { push @{$_[0]{options}}, [ 12, "\0" x 20 ] },
);

sub edns {
    my ($n, $size) = @_;
    my $edns = { size => $size, version => 0, flags => 0, options => [] };

    $n >> $_ & 1 and $parts[$_]->($edns) for 0 .. $#parts;

    return $edns;
}

my %stream;

sub asked {
    my ($proto, $bytes) = @_;

    return decode(dns_raw($port{udp}, $bytes) // '') if $proto eq 'udp';

    my $s = $stream{$proto} //= dns_connect($port{$proto},
                                            tls => $proto eq 'tls');

    $s->write(frame($bytes));

    return $s->answer();
}

# what is wrong with an answer, in words

sub wrong {
    my ($proto, $edns, $r, $rcode, $data) = @_;

    my $version = $edns->{version};
    my %asked = map { $_->[0] => 1 } @{$edns->{options}};

    return 'no answer' if !$r;
    return 'no OPT' if !$r->{edns};
    return "version $r->{edns}{version}" if $r->{edns}{version} != 0;
    return "size $r->{edns}{size}" if $r->{edns}{size} != 1232;
    return "octets after it" if $r->{trailing};

    my $expected = $version ? 'BADVERS' : $rcode;

    return "rcode $r->{rcode}" if $r->{rcode} ne $expected;
    return 'answer' if ($r->{answers}[0] ? $r->{answers}[0]{data} : '')
                       ne ($version ? '' : $data);
    return 'flags' if $r->{edns}{flags} != ($edns->{flags} & 0x8000);

    my %got = map { $_->[0] => $_->[1] } @{$r->{edns}{options}};

    delete $got{15};

    return 'nsid' if (delete $got{3} // '') ne ($asked{3} ? 'ns1' : '');
    return 'padding'
        if (exists $got{12} ? 1 : 0) != ($asked{12} && $proto eq 'tls' ? 1 : 0);
    return 'padded' if exists $got{12} && $r->{size} % 468;

    delete $got{12};

    return 'options ' . join ' ', keys %got if %got;
    return '';
}

for my $proto (qw/ udp tcp tls /) {
    for ([ 'a.test', 'NOERROR', '192.0.2.1' ],
         [ "$proto-%d.test", 'NOERROR', '192.0.2.1' ],
         [ 'host.test', 'NOERROR', '192.0.2.9' ],
         [ 'a.elsewhere', 'REFUSED', '' ],
         [ 'version.bind', 'REFUSED', '' ])
    {
        my ($name, $rcode, $data) = @$_;
        my %wrong;

        for my $n (0 .. (1 << @parts) - 1) {
            my $edns = edns($n, 1232);
            (my $qname = $name) =~ s/%d/$n/;

            my $r = asked($proto, encode(id => $n, flags => 0x0100,
                edns => $edns, question => [ $qname, 'A',
                    $name eq 'version.bind' ? 'CH' : 'IN' ]));

            my $why = wrong($proto, $edns, $r, $rcode, $data);
            $wrong{$why}++ if $why;
        }

        is_deeply(\%wrong, {}, "$name over $proto");
    }
}

# not a word of it went upstream

my %sent;

for ($u->queries()) {
    my $q = decode($_->{raw});

    $sent{"option $_->[0]"}++ for @{$q->{edns}{options}};
    $sent{"flags $q->{edns}{flags}"}++ if $q->{edns}{flags} & 0x7fff;
    $sent{"version $q->{edns}{version}"}++ if $q->{edns}{version};
    $sent{"size $q->{edns}{size}"}++ if $q->{edns}{size} != 1232;
}

is_deeply(\%sent, {}, 'sent upstream');

# truncation: what fits, and no octet more

for my $proto (qw/ udp tcp tls /) {
    for my $size (0, 512, 1232, 65535) {
        my %wrong;

        for my $n ($size ? (0 .. (1 << @parts) - 1) : 0) {
            my $edns = edns($n, $size);

            next if $edns->{version};

            my $r = asked($proto, encode(id => $n, flags => 0x0100,
                edns => $size ? $edns : undef,
                question => [ 'big.test', 'TXT' ]));

            my $most = $proto ne 'udp' ? 65535 : $size > 1232 ? 1232
                     : $size || 512;

            $wrong{'no answer'}++, next if !$r;
            $wrong{'no OPT'}++ if $size && !$r->{edns};
            $wrong{"size $r->{size}"}++ if $r->{size} > $most;
            $wrong{'tc'}++ if $r->{tc} != ($proto eq 'udp');
            $wrong{'records'}++
                if @{$r->{answers}} != ($proto eq 'udp' ? 0 : 9);
        }

        is_deeply(\%wrong, {}, "truncation, $size over $proto");
    }
}

# what is not EDNS

my $opt = pack('CnnCCnn', 0, 41, 1232, 0, 0, 0, 0);
my $named = pack('CaCnnCCnn', 1, 'x', 0, 41, 1232, 0, 0, 0, 0);
my $long = pack('CnnCCnnnn', 0, 41, 1232, 0, 0, 0, 4, 3, 1);

for ([ 'two OPTs', additional => [ $opt, $opt ] ],
     [ 'a name', additional => [ $named ] ],
     [ 'an option too long', additional => [ $long ] ])
{
    my ($what, @o) = @$_;

    my $r = asked('tcp', encode(id => 1, flags => 0x0100, @o,
                                question => [ 'a.test', 'A' ]));
    is($r->{rcode}, 'FORMERR', $what);
}
