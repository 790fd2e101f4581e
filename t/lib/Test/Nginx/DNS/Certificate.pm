package Test::Nginx::DNS::Certificate;

# An authority of a test, and certificates of it for servers.
#
#   my $ca = Test::Nginx::DNS::Certificate->new($t);    ca.pem
#
#   $ca->issue('good', 'IP:127.0.0.1,DNS:good.test');   good.pem, good.key
#   $ca->issue('old', 'IP:127.0.0.1', days => -1);      it has expired
#   $ca->issue('young', 'IP:127.0.0.1', from => 1);     valid from tomorrow on
#   $ca->issue('self', 'IP:127.0.0.1', own => 1);       self-signed
#   $ca->issue('leaf', 'IP:127.0.0.1', by => 'between');
#                                   by another one than ca
#   $ca->authority('between');      which ca makes an authority: with .pem, .key
#   $ca->chain('leaf', 'between');  leaf.pem gets what is between, too
#   $ca->revoke('bad');                                 crl.pem is always there
#   $ca->pin('good')                                    as of docs/encrypted.md
#
# All files are in the directory of the test.

use warnings;
use strict;

use POSIX qw/ strftime /;


sub new {
    my ($class, $t) = @_;

    my $dir = $t->testdir();
    my $self = bless { dir => $dir }, $class;

    $t->write_file('ca.conf', <<EOF);
[ ca ]
default_ca = own
[ own ]
database = $dir/ca.index
serial = $dir/ca.serial
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
default_crl_days = 3
policy = any
copy_extensions = copy
unique_subject = no
[ any ]
commonName = supplied
[ req ]
distinguished_name = name
prompt = no
[ name ]
CN = test
EOF

    $t->write_file('ca.index', '');
    $t->write_file('ca.serial', "1000\n");

    $self->openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
                   . " -nodes -days 3 -subj '/CN=authority of a test'"
                   . " -keyout $dir/ca.key -out $dir/ca.pem");
    $self->crl();

    return $self;
}


sub issue {
    my ($self, $name, $san, %o) = @_;

    my $dir = $self->{dir};
    my $days = $o{days} // 3;
    my $key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
              . " -subj '/CN=$name' -addext 'subjectAltName=$san'"
              . " -keyout $dir/$name.key";

    if ($o{own}) {
        $self->openssl("req -x509 -days $days $key -out $dir/$name.pem");
        return;
    }

    if ($o{by}) {
        $self->openssl("req -new $key -out $dir/$name.csr");
        $self->sign($name, $o{by}, $days, "subjectAltName = $san\n");
        return;
    }

    my ($from, $to) = map { strftime('%Y%m%d%H%M%SZ', gmtime(time() + $_)) }
                      ($o{from} // -10) * 86400, $days * 86400;

    $self->openssl("req -config $dir/ca.conf -new $key -out $dir/$name.csr");
    $self->openssl("ca -config $dir/ca.conf -batch -notext -startdate $from"
                   . " -enddate $to -in $dir/$name.csr -out $dir/$name.pem");
}


sub authority {
    my ($self, $name, %o) = @_;

    my $dir = $self->{dir};

    $self->openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256"
                   . " -nodes -subj '/CN=authority $name'"
                   . " -keyout $dir/$name.key -out $dir/$name.csr");
    $self->sign($name, $o{by} // 'ca', 3,
                "basicConstraints = critical, CA:TRUE\n");
}


sub sign {
    my ($self, $name, $by, $days, $extensions) = @_;

    my $dir = $self->{dir};

    open my $fh, '>', "$dir/$name.ext" or die "$name.ext: $!\n";
    print $fh $extensions;
    close $fh;

    $self->openssl("x509 -req -in $dir/$name.csr -days $days -CAcreateserial"
                   . " -CA $dir/$by.pem -CAkey $dir/$by.key"
                   . " -extfile $dir/$name.ext -out $dir/$name.pem");
}


sub chain {
    my ($self, $name, @between) = @_;

    open my $fh, '>>', "$self->{dir}/$name.pem" or die "$name.pem: $!\n";

    for (@between) {
        open my $in, '<', "$self->{dir}/$_.pem" or die "$_.pem: $!\n";
        local $/;
        print $fh scalar <$in>;
    }

    close $fh;
}


sub revoke {
    my ($self, $name) = @_;

    $self->openssl("ca -config $self->{dir}/ca.conf"
                   . " -revoke $self->{dir}/$name.pem");
    $self->crl();
}


sub crl {
    my ($self) = @_;

    $self->openssl("ca -config $self->{dir}/ca.conf -gencrl"
                   . " -out $self->{dir}/crl.pem");
}


sub pin {
    my ($self, $name) = @_;

    my $pin = `openssl x509 -in $self->{dir}/$name.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl enc -base64`;

    chomp $pin;
    return $pin;
}


sub openssl {
    my ($self, $args) = @_;

    system("openssl $args >$self->{dir}/openssl.out 2>&1") == 0
        or die "openssl $args failed:\n"
               . `cat $self->{dir}/openssl.out`;
}


1;
